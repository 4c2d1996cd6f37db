create or replace view rota.schedules as
select
  s.schedule as name,
  s.cron,
  s.timezone,
  s.task,
  s.command,
  s.input,
  s.overlap,
  s.misfire,
  s.max_catchup,
  s.deadline,
  s.calendar,
  n.next_at,
  case
    when s.calendar is null then n.next_at
    else rota_core.next_start(s.cron, s.timezone, s.calendar, n.next_at)
  end as next_start_at,
  l.slot as last_slot,
  l.outcome as last_outcome,
  l.reason as last_reason,
  r.run_id as last_run_id,
  coalesce(
    (select v.state from rota_core.run as v where v.run_id = r.run_id),
    (select f.state from rota_core.finished_run as f where f.run_id = r.run_id)
  ) as last_run_state,
  case when s.task is not null then greatest(
    d.last_success_at,
    (
      select f.finished_at
      from rota_core.finished_run as f
      where f.origin = 'schedule:' || s.schedule and f.origin like 'schedule:%'
        and f.state = 'succeeded'
      order by f.finished_at desc
      limit 1
    )
  ) end as last_success_at,
  p.kind is not null as paused,
  p.until as paused_until,
  p.reason as pause_reason,
  s.doorbell,
  s.defined_at,
  s.defined_by
from rota_core.schedule as s
cross join lateral (
  select
    case
      when s.task is null then rota.cron_next(s.cron, rota_core.wall_clock(), s.timezone)
      else s.next_at
    end as next_at
) as n
left join rota_core.deadline as d on d.schedule = s.schedule
left join rota_core.pause as p
  on
    p.kind = 'schedule' and p.name = s.schedule
    and (p.until is null or p.until > rota_core.wall_clock())
left join lateral (
  select
    o.slot,
    o.outcome,
    o.reason
  from rota_core.slot as o
  where o.schedule = s.schedule
  order by o.slot desc
  limit 1
) as l on true
left join lateral (
  select o.run_id
  from rota_core.slot as o
  where o.schedule = s.schedule and o.outcome = 'started'
  order by o.slot desc
  limit 1
) as r on true;

comment on view rota.schedules is
$doc$Every schedule: when it fires next, what became of its last slot, the last run it started, and
when a run of it last succeeded. next_start_at is the next slot that its calendar does not exclude.
For: rota_reader, rota_admin.$doc$;

revoke all on rota.schedules from public;
grant select on rota.schedules to rota_reader, rota_admin;
