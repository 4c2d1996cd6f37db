create or replace function rota_core.refuse_leftovers(
  handled bigint, search_path text, role text, role_before text
)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if handled > 1 and (search_path <> 'pg_catalog, pg_temp' or role <> role_before) then
    raise exception using
      errcode = 'feature_not_supported',
      message = 'the handler leaves search_path or its role changed',
      hint = 'Give the handler a set clause: alter function ... set search_path = ...;';
  end if;
end;
$$;

comment on function rota_core.refuse_leftovers(bigint, text, text, text) is
$doc$Refuses that several events were handled in one statement by a handler that leaves search_path or
role to the next one: it gets them one by one.$doc$;

revoke all on function rota_core.refuse_leftovers(bigint, text, text, text) from public;
grant execute on function rota_core.refuse_leftovers(bigint, text, text, text) to rota_worker;
