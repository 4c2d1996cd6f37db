create or replace function rota_core.tend_pipelines()
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_before timestamptz := v_now - rota_core.setting('history_keep')::interval;
  v_runs bigint[];
  v_lost record;
  v_error jsonb;
  v_results rota_core.step_result[] := array[]::rota_core.step_result[];
  v_ended rota_core.step_end[] := array[]::rota_core.step_end[];
begin
  -- A step whose run was lost with its task, or taken away by hand, must not keep its pipeline open.
  v_runs := rota_core.try_pipelines(array(
    select l.run_id from rota_core.lost_steps(null) as l order by l.run_id limit 1000
  ));
  for v_lost in
    select l.run_id, l.step, s.state = 'started' as is_open
    from rota_core.lost_steps(v_runs) as l
    join rota_core.run_step as s on s.run_id = l.run_id and s.step = l.step
  loop
    v_error := rota_core.error_json('RT003', format('the run of step %s is gone', v_lost.step),
      'Its task was dropped, or it was deleted by hand.');
    if v_lost.is_open then
      v_ended := v_ended
        || rota_core.end_step(v_lost.run_id, v_lost.step, 'failed', null, v_error);
    else
      v_results := v_results || row(v_lost.run_id, v_lost.step, null, null, 'failed', null,
        v_error, true, null, null)::rota_core.step_result;
    end if;
  end loop;
  perform rota_core.advance_pipelines(v_results, v_ended, v_runs);

  v_runs := array(
    select p.run_id from rota_core.pipeline_run as p
    where p.finished_at < v_before
    order by p.finished_at
    limit 20000
    for update skip locked
  );
  delete from rota_core.run_step as s where s.run_id = any (v_runs);
  delete from rota_core.step_output as o where o.run_id = any (v_runs);
  delete from rota_core.element_output as o where o.run_id = any (v_runs);
  delete from rota_core.pipeline_run as p where p.run_id = any (v_runs);
  delete from rota_core.artifact as a
  -- Before the oldest part of history there is only what a long run has kept, so few are looked up.
  where a.created_at < v_before
    and a.created_at < (select min(t.from_at) from rota_core.partitions('finished_run') as t)
    and not exists (select from rota_core.run as r where r.run_id = a.run_id)
    and not exists (select from rota_core.finished_run as f where f.run_id = a.run_id);
  delete from rota_core.run_signal as g
  where g.run_id = any (v_runs)
    or (g.sent_at < v_before and not exists (
      select from rota_core.run as r where r.run_id = g.run_id
    ));
  delete from rota_core.pipeline_version as v
  where not exists (
      select from rota_core.pipeline as p where p.pipeline = v.pipeline and p.version = v.version
    )
    and not exists (
      select from rota_core.pipeline_run as r
      where r.pipeline = v.pipeline and r.version = v.version
    )
    -- A run that begins just now is not seen yet, and goes by the version before.
    and not exists (
      select from rota_core.pipeline_version as n
      where n.pipeline = v.pipeline and n.defined_at > v_now - interval '1 hour'
    );
  return cardinality(v_runs);
end;
$$;

comment on function rota_core.tend_pipelines() is
$doc$Upkeep of pipelines, once a minute: steps whose run is gone, what history keeps no longer and
artifacts with it, definitions that no run goes by. Returns how many old runs were removed.$doc$;

revoke all on function rota_core.tend_pipelines() from public;
grant execute on function rota_core.tend_pipelines() to rota_worker;
