create or replace function rota_core.mend_schedules()
returns int
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rota_core.wall_clock();
  v_schedule rota_core.schedule;
  v_count int := 0;
begin
  for v_schedule in
    select s.*
    from rota_core.schedule as s
    where s.next_at > v_now
      and (s.defined_at > v_now + interval '1 s' or (
        select greatest(o.slot, o.through)
        from rota_core.slot as o
        where o.schedule = s.schedule
        order by o.slot desc
        limit 1
      ) > v_now + interval '1 s')
    for update skip locked
  loop
    -- What was started is not forgotten, so that nothing is started for the same slot again.
    delete from rota_core.slot as o
    where o.schedule = v_schedule.schedule and o.slot > v_now
      and o.outcome in ('skipped', 'missed');
    update rota_core.slot as o
    set through = v_now
    where o.schedule = v_schedule.schedule and o.through > v_now;

    perform rota_core.advance_schedule(v_schedule, v_now);
    v_count := v_count + (
      select count(*) from rota_core.schedule as s
      where s.schedule = v_schedule.schedule and s.next_at < v_schedule.next_at
    );
  end loop;

  if v_count > 0 then
    insert into rota_core.log (at, level, message, context, component)
    values (
      v_now, 'warn', format('the clock went back: %s schedules count from now again', v_count),
      jsonb_build_object('schedules', v_count), 'schedule'
    );
  end if;
  return v_count;
end;
$$;

comment on function rota_core.mend_schedules() is
$doc$After the clock was ahead and has been put back: lets schedules count from now, instead of
waiting until it is there again. Returns how many.

Slots still to come that were passed over then are open again; those that were started are not
started twice.$doc$;

revoke all on function rota_core.mend_schedules() from public;
