create or replace function rota_core.catch_up(schedule text, now timestamptz, fired_by text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- To the microsecond before, because next_instant() is strictly after.
  v_in_time constant timestamptz := now - interval '60.000001 s';
  v_schedule rota_core.schedule;
  v_form rota_core.cron_form;
  v_forms rota_core.calendar_form[];
  v_pause rota_core.pause;
  v_resume timestamptz;
  v_waiting timestamptz;
  v_previous timestamptz;
begin
  select s.* into strict v_schedule from rota_core.schedule as s
  where s.schedule = catch_up.schedule;
  select p.* into v_pause from rota_core.pause as p
  where p.kind = 'schedule' and p.name = catch_up.schedule;
  select c.forms into v_forms
  from rota_core.calendar as c
  where c.calendar = v_schedule.calendar;
  v_form := rota_core.parse_cron(v_schedule.cron);
  v_resume := v_schedule.next_at;

  if v_pause.until is null and v_pause.name is not null or v_pause.until > now then
    v_resume := rota_core.next_instant(v_form, now, v_schedule.timezone);
  elsif v_pause.until > v_schedule.next_at then
    v_resume := rota_core.next_instant(
      v_form, v_pause.until - interval '1 microsecond', v_schedule.timezone
    );
  end if;
  perform rota_core.pass_over(
    v_schedule, v_schedule.next_at, v_resume, 'skipped', 'paused', now, fired_by
  );
  v_schedule.next_at := v_resume;

  if v_schedule.next_at <= v_in_time then
    v_resume := case v_schedule.misfire
      when 'run_once' then coalesce(
        rota_core.prev_open_slot(
          v_form, v_schedule.timezone, v_forms,
          rota_core.prev_instant(v_form, now + interval '1 microsecond', v_schedule.timezone),
          v_schedule.next_at
        ),
        rota_core.next_instant(v_form, now, v_schedule.timezone)
      )
      else rota_core.next_instant(v_form, v_in_time, v_schedule.timezone)
    end;
    v_waiting := v_resume;
    if v_schedule.misfire = 'run_all' then
      for i in 1..v_schedule.max_catchup loop
        v_previous := rota_core.prev_open_slot(
          v_form, v_schedule.timezone, v_forms,
          rota_core.prev_instant(v_form, v_waiting, v_schedule.timezone), v_schedule.next_at
        );
        exit when v_previous is null;
        v_waiting := v_previous;
      end loop;
    end if;
    perform rota_core.pass_over(
      v_schedule, v_schedule.next_at, v_waiting, 'missed', 'late', now, fired_by
    );
    perform rota_core.pass_over(
      v_schedule, v_waiting, v_resume, 'waiting', 'late', now, fired_by
    );
  end if;

  update rota_core.schedule as s
  set next_at = v_resume
  where s.schedule = catch_up.schedule;
end;
$$;

comment on function rota_core.catch_up(text, timestamptz, text) is
$doc$Brings a schedule that was paused or late to the present, by its misfire policy.

Slots in a pause are skipped. Of those more than 60 s late, the ones not to be run are recorded as
missed, those of run_all as waiting; next_at is then the slot to fire now, or the next one. What
lies in the calendar is skipped, and none of it made up for.
The caller holds the schedule's row.$doc$;

revoke all on function rota_core.catch_up(text, timestamptz, text) from public;
