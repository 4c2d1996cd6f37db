create or replace function rota_core.check_callers(callers name[])
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_unknown text;
begin
  select string_agg(quote_nullable(c.caller), ', ')
  into v_unknown
  from unnest(check_callers.callers) as c (caller)
  where not exists (select from pg_roles as r where r.rolname = c.caller);

  if v_unknown is not null then
    raise exception using
      errcode = 'undefined_object',
      message = format('callers names roles that do not exist: %s', v_unknown),
      hint = 'List the roles with: select rolname from pg_roles;';
  end if;
end;
$$;

comment on function rota_core.check_callers(name[]) is
$doc$Refuses, with 42704, callers that are no roles.$doc$;

revoke all on function rota_core.check_callers(name[]) from public;
