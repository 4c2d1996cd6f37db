create or replace function rota_core.lose_worker(worker_id int)
returns int
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_run rota_core.run;
  v_runs int := 0;
  v_how text;
begin
  -- Lock order: the worker, then its runs. A claim that commits meanwhile is waited for here.
  update rota_core.worker as w
  set ended_at = v_now, outcome = 'lost'
  where w.worker_id = lose_worker.worker_id and w.ended_at is null;

  perform rota_core.hold_pipelines(array(
    select r.run_id
    from rota_core.run as r
    where r.state = 'running' and r.worker_id = lose_worker.worker_id
  ));
  for v_run in
    select r.*
    from rota_core.run as r
    where r.state = 'running' and r.worker_id = lose_worker.worker_id
    order by r.run_id
    for update
  loop
    v_runs := v_runs + 1;
    v_how := case
      when v_run.stop_reason = 'cancel' then 'cancelled'
      when v_run.stop_reason = 'timeout' then 'timeout'
      else 'lost'
    end;
    -- Only a loss while alone is this run's doing for certain.
    perform rota_core.settle_failure(
      v_run, v_how, v_how = 'timeout' or (v_how = 'lost' and v_run.alone),
      rota_core.error_json(
        'RT003', format('worker %s was lost while it ran this', worker_id),
        case when not v_run.alone then 'Other runs were claimed with it: not counted.' end
      ),
      v_now
    );
  end loop;

  if v_runs > 0 then
    insert into rota_core.log (at, level, message, context, component)
    values (
      v_now, 'warn', format('worker %s was lost with %s runs', worker_id, v_runs),
      jsonb_build_object('worker_id', worker_id, 'runs', v_runs), 'rota'
    );
  end if;
  return v_runs;
end;
$$;

comment on function rota_core.lose_worker(int) is
$doc$Declares a worker lost and gives its runs to others. Returns how many it had.$doc$;

revoke all on function rota_core.lose_worker(int) from public;
