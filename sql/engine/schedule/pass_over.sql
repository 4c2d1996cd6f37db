create or replace function rota_core.pass_over(
  schedule rota_core.schedule, since timestamptz, until timestamptz, outcome text, reason text,
  fired_at timestamptz, fired_by text
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_form constant rota_core.cron_form := rota_core.parse_cron(schedule.cron);
  v_forms rota_core.calendar_form[];
  v_slot timestamptz := since;
  v_next timestamptz;
  v_slots timestamptz[] := array[]::timestamptz[];
  v_excluded timestamptz[] := array[]::timestamptz[];
  v_excluded_through timestamptz[] := array[]::timestamptz[];
  v_through timestamptz;
  v_recorded timestamptz;
begin
  if outcome <> 'skipped' then
    select c.forms into v_forms from rota_core.calendar as c where c.calendar = schedule.calendar;
  end if;

  while v_slot < until loop
    select greatest(s.slot, s.through) into v_recorded from rota_core.slot as s
    where s.schedule = pass_over.schedule.schedule and s.slot = v_slot;
    if found then
      v_slot := rota_core.next_instant(v_form, v_recorded, schedule.timezone);
      continue;
    end if;
    v_next := least(
      rota_core.next_open_slot(v_form, schedule.timezone, v_forms, v_slot), until
    );
    if v_next > v_slot then
      v_excluded := v_excluded || v_slot;
      v_excluded_through := v_excluded_through
        || rota_core.prev_instant(v_form, v_next, schedule.timezone);
    elsif cardinality(v_slots) = 1000 then
      v_through := rota_core.prev_instant(v_form, until, schedule.timezone);
      exit;
    else
      v_slots := v_slots || v_slot;
      v_next := rota_core.next_instant(v_form, v_slot, schedule.timezone);
    end if;
    v_slot := v_next;
  end loop;

  insert into rota_core.slot as s (schedule, slot, through, outcome, reason, fired_at, fired_by)
  select
    schedule.schedule, u.slot, case u.place when 1000 then v_through end, outcome, reason,
    fired_at, fired_by
  from unnest(v_slots) with ordinality as u (slot, place)
  union all
  select
    schedule.schedule, e.slot, nullif(e.through, e.slot), 'skipped',
    'calendar ' || schedule.calendar, fired_at, fired_by
  from unnest(v_excluded, v_excluded_through) as e (slot, through)
  on conflict on constraint slot_pkey do nothing;
end;
$$;

comment on function rota_core.pass_over(
  rota_core.schedule, timestamptz, timestamptz, text, text, timestamptz, text
) is
$doc$Records the slots from since up to, not including, until as passed over: skipped, missed or
waiting; but as skipped what lies in the calendar, unless all are.

One row each up to 1,000, of which the last stands for all the others. One row stands for slots in a
row that the calendar excludes. What is recorded already stays as it is.$doc$;

revoke all on function rota_core.pass_over(
  rota_core.schedule, timestamptz, timestamptz, text, text, timestamptz, text
) from public;
