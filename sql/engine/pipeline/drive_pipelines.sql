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
  v_run_id bigint;
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
  begin
    perform rota_core.drive_runs(v_runs);
    return cardinality(v_runs);
  exception when others then
    -- One of them cannot go on: which one shows below, and the others do.
  end;
  foreach v_run_id in array v_runs loop
    begin
      perform rota_core.drive_runs(array[v_run_id]);
    exception when others then
      perform rota_core.note_trouble('drive_pipelines', sqlstate,
        format('run %s: %s', v_run_id, sqlerrm));
    end;
  end loop;
  return cardinality(v_runs);
end;
$$;

comment on function rota_core.drive_pipelines() is
$doc$What no end of a run brings about: timeouts of runs and steps, delays, cancels that met a lock,
signals that came in between. Waits for no one; what is locked is looked at again a second later.
Returns how many runs there were.$doc$;

revoke all on function rota_core.drive_pipelines() from public;
grant execute on function rota_core.drive_pipelines() to rota_worker;
