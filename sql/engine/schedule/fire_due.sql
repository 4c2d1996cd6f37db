create or replace function rota_core.fire_due(schedule text default null)
returns int
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rota_core.wall_clock();
  v_by constant text := case when schedule is null then 'supervisor' else 'doorbell' end;
  v_batch int;
  v_count int := 0;
begin
  -- A schedule may have several slots to fire, one in each round.
  while exists (
    select from rota_core.schedule as s
    where s.next_at <= v_now and (fire_due.schedule is null or s.schedule = fire_due.schedule)
  ) loop
    begin
      v_batch := rota_core.fire_batch(schedule, v_now, v_by);
    exception
      when others then
        if rota_core.is_transient(sqlstate) then
          raise;
        end if;
        v_batch := rota_core.fire_singly(schedule, v_now, v_by);
    end;
    exit when v_batch = 0;
    v_count := v_count + v_batch;
  end loop;

  return v_count + rota_core.start_waiting(schedule, v_now, v_by);
end;
$$;

comment on function rota_core.fire_due(text) is
$doc$Fires the slots that are due, of all schedules or of one: each slot once, whoever calls and
however many at a time. Returns how many slots it dealt with.

The row of a schedule is locked, its slot recorded, next_at advanced and the task started in
one transaction, so that a crash undoes all or nothing. What another session has locked is
its to fire. Called by the supervisor each second, and by the doorbells in cron.job.$doc$;

revoke all on function rota_core.fire_due(text) from public;
grant execute on function rota_core.fire_due(text) to rota_worker;
