create or replace function rota_core.fire_batch(schedule text, now timestamptz, fired_by text)
returns int
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due text[];
  v_late text[];
begin
  select
    array_agg(d.schedule),
    array_agg(d.schedule) filter (
      where d.next_at < fire_batch.now - interval '60 s' or exists (
        select from rota_core.pause as p
        where p.kind = 'schedule' and p.name = d.schedule
          and (p.until is null or p.until > d.next_at)
      )
    )
  into v_due, v_late
  from (
    select s.schedule, s.next_at
    from rota_core.schedule as s
    where s.next_at <= fire_batch.now
      and (fire_batch.schedule is null or s.schedule = fire_batch.schedule)
    order by s.next_at
    limit 1000
    for update skip locked
  ) as d;
  if v_due is null then
    return 0;
  end if;

  if v_late is not null then
    perform rota_core.catch_up(u.schedule, fire_batch.now, fire_batch.fired_by)
    from unnest(v_late) as u (schedule);
  end if;

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
      ) as busy
    from rota_core.schedule as s
    where s.schedule = any(v_due) and s.next_at <= fire_batch.now
      and not exists (
        select from rota_core.slot as t where t.schedule = s.schedule and t.slot = s.next_at
      )
  )
  insert into rota_core.slot (schedule, slot, outcome, reason, run_id, fired_at, fired_by)
  select
    d.schedule, d.next_at,
    case when not d.busy then 'started' when d.overlap = 'skip' then 'skipped' else 'waiting' end,
    case when d.busy then 'overlap' end,
    case when not d.busy then rota_core.enqueue_run(
      d.task, d.input, fire_batch.now, null, '{}', 'schedule:' || d.schedule
    ) end,
    fire_batch.now, fire_batch.fired_by
  from due as d;

  update rota_core.schedule as s
  set next_at = rota_core.next_instant(rota_core.parse_cron(s.cron), s.next_at, s.timezone)
  where s.schedule = any(v_due) and s.next_at <= fire_batch.now;
  return cardinality(v_due);
end;
$$;

comment on function rota_core.fire_batch(text, timestamptz, text) is
$doc$Fires one slot of each due schedule that no other session has in hand, or of one of them.

Returns how many schedules it dealt with, at most 1,000.$doc$;

revoke all on function rota_core.fire_batch(text, timestamptz, text) from public;
