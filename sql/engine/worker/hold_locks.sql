create or replace procedure rota_core.hold_locks(worker_id int)
language plpgsql
as $$
begin
  reset all;
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false);
  -- After a failure nobody can tell which locks are left, nor how often they are held. The name goes
  -- first, so that no canceller who gets the gate meanwhile still sees a run.
  perform set_config('application_name', 'rota worker', true);
  perform pg_advisory_unlock_all();
  perform pg_advisory_lock(1919906913, worker_id);
  perform pg_advisory_lock(1919906914, worker_id);
end;
$$;

comment on procedure rota_core.hold_locks(int) is
$doc$After a failed attempt: pins search_path, takes the worker's liveness and gate locks, each
once, and lets go of all other session locks.$doc$;

revoke all on procedure rota_core.hold_locks(int) from public;
grant execute on procedure rota_core.hold_locks(int) to rota_worker;
