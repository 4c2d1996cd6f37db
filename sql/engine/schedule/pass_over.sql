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
  v_slot timestamptz := since;
  v_slots timestamptz[] := array[]::timestamptz[];
  v_through timestamptz;
begin
  while v_slot < until and cardinality(v_slots) < 1000 loop
    v_slots := v_slots || v_slot;
    v_slot := rota_core.next_instant(v_form, v_slot, schedule.timezone);
  end loop;
  if v_slot < until then
    v_through := rota_core.prev_instant(v_form, until, schedule.timezone);
  end if;

  insert into rota_core.slot as s (schedule, slot, through, outcome, reason, fired_at, fired_by)
  select
    schedule.schedule, u.slot, case u.place when 1000 then v_through end, outcome, reason,
    fired_at, fired_by
  from unnest(v_slots) with ordinality as u (slot, place)
  on conflict on constraint slot_pkey do nothing;
end;
$$;

comment on function rota_core.pass_over(
  rota_core.schedule, timestamptz, timestamptz, text, text, timestamptz, text
) is
$doc$Records the slots from since up to, not including, until as passed over: skipped, missed or
waiting.

One row each up to 1,000, of which the last stands for all the others.$doc$;

revoke all on function rota_core.pass_over(
  rota_core.schedule, timestamptz, timestamptz, text, text, timestamptz, text
) from public;
