create or replace function rota_core.drive_pipelines()
returns int
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_runs bigint[];
  v_run record;
  v_results rota_core.step_result[] := array[]::rota_core.step_result[];
  v_ended rota_core.step_end[] := array[]::rota_core.step_end[];
begin
  perform rota_core.plan_for_index();
  perform rota_core.plan_in_order();
  v_runs := array(
    select p.run_id from rota_core.pipeline_run as p where p.timeout_at <= v_now
    union
    select p.run_id from rota_core.pipeline_run as p
    where p.stopping is not null and p.finished_at is null
    union
    select r.run_id from rota_core.run as r
    where r.version is not null and r.stop_reason is not null
    union
    select s.run_id from rota_core.run_step as s where s.due_at <= v_now
    union
    select q.run_id from unnest(rota_core.signalled_steps(null)) as q
  );
  if v_runs = '{}' then
    return 0;
  end if;

  v_runs := rota_core.try_pipelines(v_runs);
  for v_run in
    select
      p.run_id, p.pipeline, p.stopping, p.timeout_at <= v_now as is_late,
      r.stop_reason is not null and p.stopping is distinct from 'cancel' as is_asked
    from rota_core.pipeline_run as p
    join rota_core.run as r on r.run_id = p.run_id
    where p.run_id = any (v_runs)
    order by p.run_id desc
  loop
    if v_run.is_asked then
      v_results := v_results || rota_core.stop_pipeline(v_run.run_id, 'cancel', true,
        rota_core.error_json('57014', 'cancelled', '', '', ''));
    elsif v_run.is_late then
      v_results := v_results || rota_core.stop_pipeline(v_run.run_id, 'timeout', true,
        rota_core.pipeline_timeout_error(v_run.run_id));
    elsif v_run.stopping is not null then
      v_results := v_results || rota_core.cancel_queued(v_run.run_id);
      if v_run.stopping <> 'failed' then
        perform rota_core.stop_children(v_run.run_id);
      end if;
    end if;
  end loop;

  for v_run in
    select s.run_id, s.step
    from rota_core.run_step as s
    where s.run_id = any (v_runs) and s.due_at <= v_now
    order by s.run_id, s.step
  loop
    select v_ended || e.ended, v_results || e.more
    into v_ended, v_results
    from rota_core.step_due(v_run.run_id, v_run.step) as e;
  end loop;
  v_ended := v_ended || rota_core.pass_signal(rota_core.signalled_steps(v_runs));
  perform rota_core.advance_pipelines(v_results, v_ended, v_runs);
  return cardinality(v_runs);
end;
$$;

comment on function rota_core.drive_pipelines() is
$doc$What no end of a run brings about: timeouts of runs and steps, delays, cancels that met a lock,
signals that came in between. Waits for no one; what is locked is looked at again a second later.
Returns how many runs there were.$doc$;

revoke all on function rota_core.drive_pipelines() from public;
grant execute on function rota_core.drive_pipelines() to rota_worker;
