create or replace function rota_core.health_workers()
returns table (check_name text, status text, detail text, hint text)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_away constant boolean := rota_core.setting('draining')::boolean;
  v_role record;
begin
  for v_role in
    with alive as (
      select b.kind, b.lane from rota_core.worker_backends() as b where b.alive
    ),
    -- A fresh deploy waits for pg_cron's next minute.
    age as (
      select max(d.deployed_at) > v_now - interval '2 min' as is_new from rota_core.deploy as d
    ),
    wanted as (
      select 'supervisor' as name, 'supervisor' as who, null as lane
      union all
      select 'lane ' || l.lane, 'worker', l.lane
      from rota_core.lane as l
      where l.workers > 0
        and not exists (
          select from rota_core.pause as p
          where p.kind = 'lane' and p.name = l.lane and (p.until is null or p.until > v_now)
        )
    )
    select
      e.name, e.who, s.seen_at, coalesce(a.is_new, false) as is_new,
      coalesce(s.seen_at > v_now - interval '1 min', false) or exists (
        select from alive as b
        where (b.kind = 'supervisor') = (e.who = 'supervisor')
          and (e.lane is null or b.lane = e.lane)
      ) as is_here
    from wanted as e
    cross join age as a
    cross join lateral (
      select max(w.seen_at) as seen_at
      from rota_core.worker as w
      where (w.kind = 'supervisor') = (e.who = 'supervisor')
        and (e.lane is null or w.lane = e.lane)
    ) as s
    order by e.who, e.name
  loop
    check_name := v_role.name;
    status := case
      when v_role.is_here then 'ok'
      when v_away or v_role.is_new then 'warning'
      else 'critical' end;
    detail := case
      when v_role.is_here then format('a %s was seen %s ago', v_role.who,
        date_trunc('second', v_now - v_role.seen_at))
      when v_away then 'away while the engine is upgraded'
      when v_role.seen_at is null then format('no %s was ever seen', v_role.who)
      else format('no %s was seen since %s', v_role.who, date_trunc('second', v_role.seen_at)) end;
    hint := case when not v_role.is_here and not v_away
      then 'pg_cron starts it within a minute; without pg_cron: rota worker' end;
    return next;
  end loop;
end;
$$;

comment on function rota_core.health_workers() is
$doc$Whether a supervisor, and a worker of each lane, work now or were seen within a minute.$doc$;

revoke all on function rota_core.health_workers() from public;
grant execute on function rota_core.health_workers() to rota_reader, rota_admin;
