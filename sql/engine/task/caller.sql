create or replace function rota_core.caller()
returns name
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case current_setting('role')
    when 'none' then session_user
    else current_setting('role')::name
  end;
end;
$$;

comment on function rota_core.caller() is
$doc$Who is calling, seen from inside a security definer function.$doc$;

revoke all on function rota_core.caller() from public;
