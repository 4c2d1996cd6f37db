create or replace function rota.start_schedule(name text)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_schedule rota_core.schedule;
begin
  select s.*
  into v_schedule
  from rota_core.schedule as s
  where s.schedule = name;

  if not found then
    raise exception using
      errcode = 'undefined_object',
      message = format('schedule %s does not exist', quote_nullable(name)),
      hint = 'See what exists: select name from rota.schedules;';
  end if;
  if v_schedule.command is not null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('schedule %s runs a command, which pg_cron alone can start', name),
      hint = format('Run it yourself: %s', v_schedule.command);
  end if;

  return rota_core.enqueue_run(
    v_schedule.task, v_schedule.input, rota_core.wall_clock(), null, '{}', 'schedule:' || name
  );
end;
$$;

comment on function rota.start_schedule(text) is
$doc$Start what a schedule starts, now, beside its slots: paused or not, whatever its overlap says.

Returns the run. The next slot counts it as a live run of the schedule.
Raises 42704 when there is no such schedule, 22023 when it runs a command.
For: rota_admin.$doc$;

revoke all on function rota.start_schedule(text) from public;
grant execute on function rota.start_schedule(text) to rota_admin;
