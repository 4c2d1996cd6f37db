create or replace function rota_core.start_waiting_slots(
  schedule rota_core.schedule, now timestamptz, fired_by text
)
returns int
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_slot timestamptz;
  v_run_id bigint;
  v_error text;
  v_count int := 0;
begin
  -- Once more under the lock, for another session may just have started one.
  if schedule.overlap <> 'allow' and exists (
    select from rota_core.run as r
    where r.origin = 'schedule:' || schedule.schedule and r.origin like 'schedule:%'
  ) then
    return 0;
  end if;

  for v_slot in
    select w.slot
    from rota_core.slot as w
    where w.schedule = start_waiting_slots.schedule.schedule and w.outcome = 'waiting'
    order by w.slot
    limit case schedule.overlap when 'allow' then 1000 else 1 end
  loop
    begin
      v_error := 'the schedule runs a command now';
      v_run_id := case when schedule.task is not null then rota_core.enqueue_run(
        schedule.task, schedule.input, now, null, '{}', 'schedule:' || schedule.schedule
      ) end;
    exception
      when others then
        if rota_core.is_transient(sqlstate) then
          raise;
        end if;
        v_run_id := null;
        v_error := sqlstate || ': ' || sqlerrm;
    end;

    update rota_core.slot as w
    set
      outcome = case when v_run_id is null then 'failed' else 'started' end,
      reason = case when v_run_id is null then v_error else w.reason end,
      run_id = v_run_id,
      fired_at = now,
      fired_by = start_waiting_slots.fired_by
    where w.schedule = start_waiting_slots.schedule.schedule and w.slot = v_slot
      and w.outcome = 'waiting';
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;

comment on function rota_core.start_waiting_slots(rota_core.schedule, timestamptz, text) is
$doc$Starts the oldest waiting slot of a schedule, or all where runs may overlap. Returns how many.

Nothing is started while a run of the schedule is live. The caller holds the schedule's row.$doc$;

revoke all on function rota_core.start_waiting_slots(
  rota_core.schedule, timestamptz, text
) from public;
