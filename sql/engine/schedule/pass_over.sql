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
  v_through timestamptz;
  v_count int := 0;
begin
  while v_slot < until and v_through is null loop
    v_count := v_count + 1;
    if v_count = 1000 then
      v_through := rota_core.prev_instant(v_form, until, schedule.timezone);
    end if;
    insert into rota_core.slot as s (
      schedule, slot, through, outcome, reason, fired_at, fired_by
    )
    values (
      schedule.schedule, v_slot, nullif(v_through, v_slot), outcome, reason, fired_at, fired_by
    )
    on conflict on constraint slot_pkey do nothing;
    v_slot := rota_core.next_instant(v_form, v_slot, schedule.timezone);
  end loop;
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
