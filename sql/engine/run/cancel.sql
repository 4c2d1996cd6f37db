create or replace function rota.cancel(run_id bigint)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run record;
begin
  select c.* into v_run from rota_core.check_own_run(cancel.run_id) as c;

  -- A pipeline whose steps have begun is locked before its row; one that begins just now is left to
  -- the supervisor, which finds the request below.
  perform rota_core.lock_pipelines(array[cancel.run_id]);
  if exists (
    select from rota_core.pipeline_run as p
    where p.run_id = cancel.run_id and p.finished_at is null
  ) then
    return rota_core.cancel_pipeline(cancel.run_id);
  end if;

  -- The row is locked before it is judged: a claim in progress comes first or last, never between.
  select r.state into v_run.state
  from rota_core.run as r
  where r.run_id = cancel.run_id
  for update;
  if not found then
    select f.state into v_run.state
    from rota_core.finished_run as f
    where f.run_id = cancel.run_id;
    return v_run.state;
  end if;

  if v_run.state = 'queued' then
    perform rota_core.finish_runs(array[cancel.run_id], 'queued', 'cancelled');
    return 'cancelled';
  end if;

  -- A running one is interrupted by the supervisor, which alone can tell that its worker has not
  -- moved on to another run.
  update rota_core.run as r
  set
    stop_reason = 'cancel',
    stop_requested_at = coalesce(r.stop_requested_at, rota_core.wall_clock())
  where r.run_id = cancel.run_id;
  return 'cancelling';
end;
$$;

comment on function rota.cancel(bigint) is
$doc$Cancel a run: at once if it is queued, within seconds if it is running.

Returns `cancelled` or `cancelling`, or the final state of a run that had already ended, so
repeating the call is harmless. What a running chunked task has committed stays. Of a pipeline, the
steps that wait or are queued are cancelled, running ones are interrupted, and what was done is
compensated where the steps say so.

Raises 42704 when there is no such run, 42501 when another role started it.
For: rota_app (own runs), rota_admin.$doc$;

revoke all on function rota.cancel(bigint) from public;
grant execute on function rota.cancel(bigint) to rota_app, rota_admin;
