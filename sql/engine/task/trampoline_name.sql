create or replace function rota_core.trampoline_name(role text)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select 'call_as_' || case
    when octet_length(trampoline_name.role) <= 55 then trampoline_name.role
    else md5(trampoline_name.role)
  end;
$$;

comment on function rota_core.trampoline_name(text) is
$doc$The name of the function in rota_core that runs handlers as a role.$doc$;

revoke all on function rota_core.trampoline_name(text) from public;
grant execute on function rota_core.trampoline_name(text) to rota_admin, rota_reader;
