create or replace function rota_core.has_deferred_constraints()
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (select from pg_constraint as c where c.condeferred);
$$;

comment on function rota_core.has_deferred_constraints() is
$doc$Whether this database has initially deferred constraints, whose mode must not leak between
runs.$doc$;

revoke all on function rota_core.has_deferred_constraints() from public;
grant execute on function rota_core.has_deferred_constraints() to rota_worker;
