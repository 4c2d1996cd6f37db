create or replace function rota_core.due_priorities(lane text)
returns int[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  -- One index probe a priority: https://wiki.postgresql.org/wiki/Loose_indexscan
  with recursive p as (
    (
      select r.priority
      from rota_core.run as r
      where r.lane = due_priorities.lane and r.state = 'queued' and not r.limited
      order by r.priority desc
      limit 1
    )
    union all
    select (
      select r.priority
      from rota_core.run as r
      where r.lane = due_priorities.lane and r.state = 'queued' and not r.limited
        and r.priority < p.priority
      order by r.priority desc
      limit 1
    )
    from p
    where p.priority is not null
  )
  select coalesce(
    (select array_agg(p.priority order by p.priority desc) from p where p.priority is not null),
    '{}'
  );
$$;

comment on function rota_core.due_priorities(text) is
$doc$The priorities that stand in a lane's queue, highest first.$doc$;

revoke all on function rota_core.due_priorities(text) from public;
