create or replace function rota_core.definitions()
returns table (
  kind text, name text, definition jsonb, version text, defined_at timestamptz, defined_by name
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select d.kind, d.name, d.definition, d.version, d.defined_at, d.defined_by
  from rota_core.definition as d;
$$;

comment on function rota_core.definitions() is
$doc$The rows of rota_core.definition, for those who may not look into rota_core.$doc$;

revoke all on function rota_core.definitions() from public;
grant execute on function rota_core.definitions() to rota_reader, rota_admin;
