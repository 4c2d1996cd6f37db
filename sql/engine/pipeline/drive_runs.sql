create or replace function rota_core.drive_runs(run_ids bigint[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_run record;
  v_results rota_core.step_result[] := array[]::rota_core.step_result[];
  v_ended rota_core.step_end[] := array[]::rota_core.step_end[];
begin
  for v_run in
    select
      p.run_id, p.stopping, p.timeout_at <= v_now as is_late,
      r.stop_reason is not null and p.stopping is distinct from 'cancel' as is_asked
    from rota_core.pipeline_run as p
    join rota_core.run as r on r.run_id = p.run_id
    where p.run_id = any (run_ids)
    order by p.run_id desc
  loop
    if v_run.is_asked then
      v_results := v_results || rota_core.stop_pipeline(v_run.run_id, 'cancel',
        rota_core.error_json('57014', 'cancelled'));
    elsif v_run.is_late then
      v_results := v_results || rota_core.stop_pipeline(v_run.run_id, 'timeout',
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
    where s.run_id = any (run_ids) and s.due_at <= v_now
    order by s.run_id, s.step
  loop
    select v_ended || e.ended, v_results || e.more
    into v_ended, v_results
    from rota_core.step_due(v_run.run_id, v_run.step) as e;
  end loop;
  v_ended := v_ended || rota_core.start_others(rota_core.signalled_steps(run_ids), 'signal');
  perform rota_core.advance_pipelines(v_results, v_ended, run_ids);
end;
$$;

comment on function rota_core.drive_runs(bigint[]) is
$doc$Moves runs of pipelines on whose time has come, that are to stop, or whose signal has come. The
caller holds their locks.$doc$;

revoke all on function rota_core.drive_runs(bigint[]) from public;
