create or replace function rota_core.capture_name(relation oid, operation text)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select format('capture_%s_%s', capture_name.relation, lower(capture_name.operation));
$$;

comment on function rota_core.capture_name(oid, text) is
$doc$The name of the function in rota_core that captures an operation on a table.$doc$;

revoke all on function rota_core.capture_name(oid, text) from public;
grant execute on function rota_core.capture_name(oid, text) to rota_admin;
