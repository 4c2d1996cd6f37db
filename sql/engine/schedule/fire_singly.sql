create or replace function rota_core.fire_singly(schedule text, now timestamptz, fired_by text)
returns int
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_schedule rota_core.schedule;
  v_error text;
  v_count int := 0;
begin
  for v_schedule in
    select s.*
    from rota_core.schedule as s
    where s.next_at <= fire_singly.now
      and (fire_singly.schedule is null or s.schedule = fire_singly.schedule)
    order by s.next_at
    limit 1000
    for update skip locked
  loop
    v_count := v_count + 1;
    begin
      perform rota_core.fire_batch(v_schedule.schedule, now, fired_by);
      continue;
    exception
      when others then
        if rota_core.is_transient(sqlstate) then
          raise;
        end if;
        v_error := sqlstate || ': ' || sqlerrm;
    end;

    insert into rota_core.slot as s (schedule, slot, outcome, reason, fired_at, fired_by)
    values (v_schedule.schedule, v_schedule.next_at, 'failed', v_error, now, fired_by)
    on conflict on constraint slot_pkey do nothing;
    insert into rota_core.log (at, level, message, context, component, task)
    values (
      now, 'error', format('schedule %s could not start: %s', v_schedule.schedule, v_error),
      jsonb_build_object('schedule', v_schedule.schedule, 'slot', v_schedule.next_at),
      'schedule', v_schedule.task
    );
    perform rota_core.advance_schedule(v_schedule, now);
  end loop;
  return v_count;
end;
$$;

comment on function rota_core.fire_singly(text, timestamptz, text) is
$doc$As fire_batch(), for the case that one of the due schedules cannot start: its slot is
recorded as failed and logged, and the others are fired.$doc$;

revoke all on function rota_core.fire_singly(text, timestamptz, text) from public;
