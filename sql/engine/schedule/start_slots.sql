create or replace function rota_core.start_slots(
  schedules text[], now timestamptz, fired_by text
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Slots of a schedule are written under the lock on its row alone, so that what is not there now
  -- will not be: the key is the second line of defence.
  with due as materialized (
    select
      s.schedule, s.next_at, s.task, s.input, s.overlap,
      s.overlap <> 'allow' and (
        exists (
          select from rota_core.run as r
          where r.origin = 'schedule:' || s.schedule and r.origin like 'schedule:%'
        )
        or exists (
          select from rota_core.slot as w
          where w.schedule = s.schedule and w.outcome = 'waiting'
        )
      ) as busy,
      case when s.calendar is not null then (
        select case when rota_core.is_excluded(c.forms, s.next_at) then c.calendar end
        from rota_core.calendar as c
        where c.calendar = s.calendar
      ) end as excluded_by
    from unnest(start_slots.schedules) as u (schedule)
    join rota_core.schedule as s on s.schedule = u.schedule
    where s.next_at <= start_slots.now
      and not exists (
        select from rota_core.slot as t where t.schedule = s.schedule and t.slot = s.next_at
      )
  )
  insert into rota_core.slot (schedule, slot, outcome, reason, run_id, fired_at, fired_by)
  select
    d.schedule, d.next_at,
    case
      when d.excluded_by is not null then 'skipped'
      when not d.busy then 'started'
      when d.overlap = 'skip' then 'skipped'
      else 'waiting'
    end,
    case
      when d.excluded_by is not null then 'calendar ' || d.excluded_by
      when d.busy then 'overlap'
    end,
    case when d.excluded_by is null and not d.busy then rota_core.enqueue_run(
      d.task, d.input, start_slots.now, null, '{}', 'schedule:' || d.schedule
    ) end,
    start_slots.now, start_slots.fired_by
  from due as d;
end;
$$;

comment on function rota_core.start_slots(text[], timestamptz, text) is
$doc$Records the slots in next_at of schedules that are due and starts their tasks, as overlap and
calendar say.

The caller holds the rows of the schedules, and moves next_at on.$doc$;

revoke all on function rota_core.start_slots(text[], timestamptz, text) from public;
