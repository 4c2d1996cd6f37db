create or replace function rota_core.check_schedule(
  name text, cron text, task text, input jsonb, timezone text, overlap text, misfire text,
  max_catchup int, deadline interval, command text, calendar text
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_problem text;
begin
  perform rota_core.check_name('schedule', name);
  perform rota_core.check_timezone(timezone);
  perform rota_core.parse_cron(coalesce(cron, ''));

  v_problem := case
    when (overlap in ('skip', 'queue', 'allow')) is not true
      then format('overlap is one of skip, queue, allow, not %s', quote_nullable(overlap))
    when (misfire in ('run_once', 'skip', 'run_all')) is not true
      then format('misfire is one of run_once, skip, run_all, not %s', quote_nullable(misfire))
    when (max_catchup between 0 and 1000) is not true
      then format('max_catchup is a number from 0 to 1000, not %s', quote_nullable(max_catchup))
    when deadline <= interval '0'
      then format('deadline is longer than nothing, not %s', deadline)
    when deadline > interval '100 years'
      then format('deadline is at most 100 years, not %s', deadline)
    when input is null or jsonb_typeof(input) <> 'object'
      then format('input is a JSON object, not %s', coalesce(jsonb_typeof(input), 'null'))
    when command is not null and task is not null
      then 'a schedule starts a task or runs a command, not both'
    when command is not null and calendar is not null
      then 'a command has no calendar, because pg_cron fires it by itself'
    when command is not null and deadline is not null
      then 'a command has no deadline, because what pg_cron runs is no run of a task'
  end;
  if v_problem is not null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('schedule %s: %s', name, v_problem),
      hint = 'Look at the arguments: \df+ rota.define_schedule';
  end if;

  if command is not null then
    perform rota_core.check_command(command, cron, timezone);
  elsif not exists (
    select from rota_core.task as t
    where t.task = coalesce(check_schedule.task, check_schedule.name)
  ) then
    raise exception using
      errcode = 'undefined_object',
      message = format('task %s does not exist', coalesce(task, name)),
      hint = format(
        'Define it first: select rota.define_task(%L, ''schema.function'');', coalesce(task, name)
      );
  end if;
end;
$$;

comment on function rota_core.check_schedule(
  text, text, text, jsonb, text, text, text, int, interval, text, text
) is
$doc$Refuses what rota.define_schedule cannot take: 22023, or 42704 for an unknown task.$doc$;

revoke all on function rota_core.check_schedule(
  text, text, text, jsonb, text, text, text, int, interval, text, text
) from public;
