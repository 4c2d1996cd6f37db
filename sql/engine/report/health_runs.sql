create or replace function rota_core.health_runs()
returns table (check_name text, status text, detail text, hint text)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_day constant timestamptz := v_now - interval '1 day';
  v_failed bigint;
  v_tasks text;
  v_oldest timestamptz;
begin
  select sum(f.runs), string_agg(format('%s %s', f.task, f.runs), ', ' order by f.runs desc, f.task)
  into v_failed, v_tasks
  from (
    select r.task, count(*) as runs
    from rota_core.finished_run as r
    where r.state <> 'succeeded' and r.state = 'failed' and r.finished_at > v_day
    group by r.task
    order by count(*) desc, r.task
    limit 5
  ) as f;

  check_name := 'failed runs';
  if v_failed is null then
    status := 'ok';
    detail := 'none within a day';
  else
    status := 'warning';
    detail := format('within a day: %s', v_tasks);
    hint := 'rota run list --state failed, or: select * from rota.runs where state = ''failed'';';
  end if;
  return next;

  select min(r.run_at)
  into v_oldest
  from rota_core.run as r
  where r.state = 'queued'
    and not exists (
      select from rota_core.pause as p
      where (p.until is null or p.until > v_now)
        and (p.kind, p.name) in (('task', r.task), ('lane', r.lane))
    );

  check_name := 'waiting runs';
  hint := null;
  if v_oldest < v_now - interval '10 min' then
    status := 'warning';
    detail := format('the oldest is due since %s', date_trunc('second', v_oldest));
    hint := 'More workers: select rota.define_lane(''default'', workers => 4); or a lane of their own '
      'for long tasks.';
  else
    status := 'ok';
    detail := 'none is late';
  end if;
  return next;
end;
$$;

comment on function rota_core.health_runs() is
$doc$Runs that failed within a day, and whether due runs wait for long.$doc$;

revoke all on function rota_core.health_runs() from public;
grant execute on function rota_core.health_runs() to rota_reader, rota_admin;
