create or replace function rota_core.record_failure(worker_id int, outcome rota_core.outcome)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run rota_core.run;
  v_timeout interval;
  v_error jsonb := (outcome).error;
  v_how text := 'failed';
begin
  select r.*
  into v_run
  from rota_core.run as r
  where r.run_id = (outcome).run_id
    and r.worker_id = record_failure.worker_id and r.attempt = (outcome).attempt
  for update;
  if not found then
    perform rota_core.raise_lost(worker_id);
  end if;

  if v_run.stop_reason = 'cancel' then
    v_how := 'cancelled';
  elsif v_run.stop_reason = 'timeout' then
    v_how := 'timeout';
    select t.timeout into v_timeout from rota_core.task as t where t.task = v_run.task;
    v_error := v_error || jsonb_build_object('message', format('timed out after %s', v_timeout));
  elsif v_error ->> 'sqlstate' = '57014' and v_run.attempt - v_run.charged < 10 then
    -- Nobody asked for it: a stray signal. Bounded, for a handler that raises 57014 by itself.
    v_how := 'interrupted';
  end if;

  if v_run.checkpoint is null then
    v_run.started_at := (outcome).started_at;
  end if;
  perform rota_core.settle_failure(
    v_run, v_how, v_how in ('failed', 'timeout'), v_error, (outcome).finished_at
  );
end;
$$;

comment on function rota_core.record_failure(int, rota_core.outcome) is
$doc$Records an attempt that did not succeed: failed, timed out, cancelled, or interrupted by
nobody's request. Raises RT003 when the run is not this worker's any more.$doc$;

revoke all on function rota_core.record_failure(int, rota_core.outcome) from public;
