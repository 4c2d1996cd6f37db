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

  -- Many share their times, and these are worked out once.
  with slot as (
    select distinct d.cron, d.timezone, d.next_at as slot
    from rota_core.schedule as d
    where d.schedule = any(v_due) and d.next_at <= fire_batch.now
  ),
  following as materialized (
    select
      t.cron, t.timezone, t.slot,
      rota_core.next_instant(rota_core.parse_cron(t.cron), t.slot, t.timezone) as next_at
    from slot as t
  )
  update rota_core.schedule as s
  set next_at = f.next_at
  from following as f
  where s.schedule = any(v_due)
    and (s.cron, s.timezone, s.next_at) = (f.cron, f.timezone, f.slot);
  return cardinality(v_due);
end;
$$;

comment on function rota_core.fire_batch(text, timestamptz, text) is
$doc$Fires one slot of each due schedule that no other session has in hand, or of one of them.

Returns how many schedules it dealt with, at most 1,000.$doc$;

revoke all on function rota_core.fire_batch(text, timestamptz, text) from public;
