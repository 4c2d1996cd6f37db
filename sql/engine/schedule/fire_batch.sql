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
  perform rota_core.start_slots(v_due, now, fired_by);

  -- Many share their times, and these are worked out once. By name, because a join on the times
  -- would compare each with each where they differ.
  with slot as (
    select d.cron, d.timezone, d.next_at as slot, array_agg(d.schedule) as schedules
    from unnest(v_due) as u (schedule)
    join rota_core.schedule as d on d.schedule = u.schedule
    where d.next_at <= fire_batch.now
    group by d.cron, d.timezone, d.next_at
  ),
  following as materialized (
    select
      t.schedules,
      rota_core.next_instant(rota_core.parse_cron(t.cron), t.slot, t.timezone) as next_at
    from slot as t
  )
  update rota_core.schedule as s
  set next_at = f.next_at
  from following as f
  cross join lateral unnest(f.schedules) as u (schedule)
  where s.schedule = u.schedule;
  return cardinality(v_due);
end;
$$;

comment on function rota_core.fire_batch(text, timestamptz, text) is
$doc$Fires one slot of each due schedule that no other session has in hand, or of one of them.

Returns how many schedules it dealt with, at most 1,000.$doc$;

revoke all on function rota_core.fire_batch(text, timestamptz, text) from public;
