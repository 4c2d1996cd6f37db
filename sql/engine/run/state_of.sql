create or replace function rota_core.state_of(run_id bigint)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    (select r.state from rota_core.run as r where r.run_id = state_of.run_id),
    (select f.state from rota_core.finished_run as f where f.run_id = state_of.run_id)
  );
$$;

comment on function rota_core.state_of(bigint) is
$doc$The state of a run, live or in history; null where it is in neither.$doc$;

revoke all on function rota_core.state_of(bigint) from public;
