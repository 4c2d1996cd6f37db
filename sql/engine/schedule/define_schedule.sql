create or replace function rota.define_schedule(
  name text, cron text, task text default null, input jsonb default '{}',
  timezone text default 'UTC', overlap text default 'skip', misfire text default 'run_once',
  max_catchup int default 10, deadline interval default null, command text default null,
  calendar text default null
)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_task constant text :=
    case when command is null then coalesce(define_schedule.task, name) end;
  v_now timestamptz;
  v_since timestamptz;
  v_next_at timestamptz;
begin
  perform rota_core.check_schedule(
    name, cron, task, input, timezone, overlap, misfire, max_catchup, deadline, command, calendar
  );

  -- A slot that is due when its schedule is redefined belongs to the definition it was due under.
  -- One that is due by now and was not when they were fired, since the clock went back and forth,
  -- is left to the new definition.
  perform from rota_core.schedule as s where s.schedule = name for update;
  if found then
    perform rota_core.fire_due(name);
  end if;
  v_now := rota_core.wall_clock();
  v_since := least(v_now, (
    select s.next_at - interval '1 microsecond'
    from rota_core.schedule as s
    where s.schedule = name
  ));

  -- Held until it is seen that this schedule uses it.
  perform from rota_core.calendar as c where c.calendar = define_schedule.calendar for key share;
  if calendar is not null and not found then
    raise exception using
      errcode = 'undefined_object',
      message = format('calendar %s does not exist', quote_literal(calendar)),
      hint = format(
        'Define it first: select rota.define_calendar(%L, ''{"weekdays": ["sat", "sun"]}'');',
        calendar
      );
  end if;

  if v_task is not null then
    v_next_at := rota.cron_next(cron, v_since, timezone);
  end if;
  insert into rota_core.schedule as s (
    schedule, cron, task, input, timezone, overlap, misfire, max_catchup, deadline, command,
    calendar, doorbell, next_at, defined_at, defined_by
  )
  values (
    name, cron, v_task, define_schedule.input, timezone, overlap, misfire, max_catchup, deadline,
    command, calendar, rota_core.cron_doorbell(cron, timezone, v_now), v_next_at, v_now,
    rota_core.caller()
  )
  on conflict on constraint schedule_pkey do update set
    (cron, task, input, timezone, overlap, misfire, max_catchup, deadline, command, calendar,
      doorbell, next_at, defined_at, defined_by) =
    (excluded.cron, excluded.task, excluded.input, excluded.timezone, excluded.overlap,
      excluded.misfire, excluded.max_catchup, excluded.deadline, excluded.command,
      excluded.calendar, excluded.doorbell, excluded.next_at, excluded.defined_at, excluded.defined_by);
  perform rota_core.save_deadline(name, deadline, v_now);

  if rota_core.sync_cron(name) = 'absent' and command is not null then
    raise warning using
      message = format('schedule %s will not run: this database has no pg_cron', name),
      hint = 'A command is run by pg_cron itself: create extension pg_cron; or define a task.';
  end if;
  return name;
end;
$$;

comment on function rota.define_schedule(
  text, text, text, jsonb, text, text, text, int, interval, text, text
) is
$doc$Create a schedule or replace its definition: what starts when.

- name: 1 to 63 letters, digits and _ - . : /
- cron: as in rota.cron_next: `0 3 * * *`, `*/15 8-18 * * mon-fri`, `@daily`, `@every 10
  seconds`.
- task: what it starts (default: the task of the same name); input: what each run is given.
- timezone: of the cron expression, such as Europe/Berlin.
- overlap: while a run of this schedule is queued or running, `skip` the slot, `queue` it until
  that run has ended, or `allow` both.
- misfire: slots found more than 60 s late, after an outage: `run_once` starts the newest, `skip`
  none, `run_all` the newest max_catchup, one after another unless overlap is `allow`.
- deadline: how long after a slot a run has succeeded at the latest; else a record stands in
  rota.missed_deadlines until one does. Slots in a pause or in the calendar ask for nothing.
- command: instead of a task, one statement that needs the top level, such as VACUUM; pg_cron
  runs it as rota_worker, in UTC, without calendar and deadline.
- calendar: times at which it does not start: slots that lie in it are recorded as skipped.

An argument left out takes its default again; a pause survives; a slot that is due is fired
first, then the next is counted from now. Returns the name.
Raises 42704 for an unknown task or calendar, 22023 for a bad argument.
For: rota_admin.$doc$;

revoke all on function rota.define_schedule(
  text, text, text, jsonb, text, text, text, int, interval, text, text
) from public;
grant execute on function rota.define_schedule(
  text, text, text, jsonb, text, text, text, int, interval, text, text
) to rota_admin;
