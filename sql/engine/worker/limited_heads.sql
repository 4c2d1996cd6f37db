create or replace function rota_core.limited_heads(lane text, at timestamptz)
returns table (
  task text, kind text, priority int, run_at timestamptz, limit_key text
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive n as (
    (
      select r.task
      from rota_core.run as r
      where r.lane = limited_heads.lane and r.state = 'queued' and r.limited
      order by r.task
      limit 1
    )
    union all
    select (
      select r.task
      from rota_core.run as r
      where r.lane = limited_heads.lane and r.state = 'queued' and r.limited and r.task > n.task
      order by r.task
      limit 1
    )
    from n
    where n.task is not null
  )
  select
    t.task, t.kind, h.priority, h.run_at,
    case
      when t.mutex is not null then 'mutex ' || t.mutex
      when t.concurrency is not null or t.rate_limit is not null then 'task ' || t.task
    end
  from n
  join rota_core.task as t on t.task = n.task
  cross join lateral (
    select r.priority, r.run_at
    from rota_core.run as r
    where r.lane = limited_heads.lane and r.state = 'queued' and r.limited and r.task = n.task
      and r.run_at <= limited_heads.at
    order by r.priority desc, r.run_at, r.run_id
    limit 1
  ) as h;
$$;

comment on function rota_core.limited_heads(text, timestamptz) is
$doc$For each task with due runs in the index of limited runs: its first one, and the name of its
limit.$doc$;

revoke all on function rota_core.limited_heads(text, timestamptz) from public;
