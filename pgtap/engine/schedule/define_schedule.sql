begin;
select plan(36);
set local time zone 'UTC';

-- given: a still clock and a task
select test.set_clock('2026-01-01 12:00:30+00');
do $$ begin perform rota.define_task('work', 'test.f'); end $$;

-- who may call it
select is(
  test.callers('rota.define_schedule'), '{rota_admin}', 'an administrator may call it, nobody else'
);

set local role rota_admin;

-- refusals
select is(
  test.refusal('select rota.define_schedule(' || a.arguments || ')'), a.answer,
  a.what || ' is refused'
)
from (values
  (
    $$'work', '0 25 * * *'$$,
    '22023 cron field hour does not take "25"; Write a number, a range 1-5, a step */15 or '
    || '10-50/5, or a list of these: 1,15,30.',
    'a bad expression'
  ),
  (
    $$'work', null$$,
    '22023 cron expression "" has 0 fields, not 5; '
    || 'Write for example 30 3 * * 1-5, or @daily, or @every 10 seconds.',
    'no expression'
  ),
  (
    $$'other', '@daily'$$,
    '42704 task other does not exist; '
    || 'Define it first: select rota.define_task(''other'', ''schema.function'');',
    'an unknown task, which is the one of the same name,'
  ),
  (
    $$'x;y', '@daily', 'work'$$,
    '22023 schedule name ''x;y'' is not usable; '
    || 'Use 1 to 63 letters, digits, and _ - . : /, such as send-report.',
    'a name that would not be readable everywhere'
  ),
  (
    $$'work', '@daily', timezone => 'Europe/Berln'$$,
    '22023 time zone ''Europe/Berln'' is not known; '
    || 'Use a name from: select name from pg_timezone_names order by 1;'
    || ' such as UTC or Europe/Berlin.',
    'a misspelt time zone'
  ),
  (
    $$'work', '@daily', timezone => 'Berlin+1'$$,
    '22023 time zone ''Berlin+1'' is not known; '
    || 'Use a name from: select name from pg_timezone_names order by 1;'
    || ' such as UTC or Europe/Berlin.',
    'a made-up zone, which AT TIME ZONE would take,'
  ),
  (
    $$'work', '@daily', timezone => 'CEST'$$,
    '22023 time zone ''CEST'' is not known; '
    || 'Use a name from: select name from pg_timezone_names order by 1;'
    || ' such as UTC or Europe/Berlin.',
    'an abbreviation, which knows no daylight saving,'
  ),
  (
    $$'work', '@daily', input => '[1]'$$,
    '22023 schedule work: input is a JSON object, not array; '
    || 'Look at the arguments: \df+ rota.define_schedule',
    'an input that is not an object'
  ),
  (
    $$'work', '@daily', overlap => 'wait'$$,
    '22023 schedule work: overlap is one of skip, queue, allow, not ''wait''; '
    || 'Look at the arguments: \df+ rota.define_schedule',
    'an unknown overlap'
  ),
  (
    $$'work', '@daily', misfire => null$$,
    '22023 schedule work: misfire is one of run_once, skip, run_all, not NULL; '
    || 'Look at the arguments: \df+ rota.define_schedule',
    'no misfire'
  ),
  (
    $$'work', '@daily', max_catchup => -1$$,
    '22023 schedule work: max_catchup is a number from 0 to 1000, not ''-1''; '
    || 'Look at the arguments: \df+ rota.define_schedule',
    'a negative number'
  ),
  (
    $$'work', '@daily', deadline => '0'$$,
    '22023 schedule work: deadline is longer than nothing, not 00:00:00; '
    || 'Look at the arguments: \df+ rota.define_schedule',
    'a deadline that is over at once'
  ),
  (
    $$'x', '@daily', task => 'work', command => 'vacuum'$$,
    '22023 schedule x: a schedule starts a task or runs a command, not both; '
    || 'Look at the arguments: \df+ rota.define_schedule',
    'a task with a command'
  ),
  (
    $$'work', '@daily', deadline => '101 years'$$,
    '22023 schedule work: deadline is at most 100 years, not 101 years; '
    || 'Look at the arguments: \df+ rota.define_schedule',
    'a deadline that nobody lives to see'
  ),
  (
    $$'x', '@daily', command => 'vacuum', calendar => 'weekend'$$,
    '22023 schedule x: a command has no calendar, because pg_cron fires it by itself; '
    || 'Look at the arguments: \df+ rota.define_schedule',
    'a command with a calendar'
  ),
  (
    $$'x', '@daily', command => 'vacuum', deadline => '1 h'$$,
    '22023 schedule x: a command has no deadline, because what pg_cron runs is no run of a task; '
    || 'Look at the arguments: \df+ rota.define_schedule',
    'a command with a deadline'
  ),
  (
    $$'work', '@daily', calendar => 'week''s end'$$,
    '42704 calendar ''week''''s end'' does not exist; Define it first: '
    || 'select rota.define_calendar(''week''''s end'', ''{"weekdays": ["sat", "sun"]}'');',
    'an unknown calendar'
  )
) as a (arguments, answer, what);
select throws_ok(
  format('select rota.define_schedule(''tidy'', ''@daily'', command => %L)', c.command),
  '22023', 'a schedule cannot run this command',
  'this command is refused: ' || c.command
)
from (values
  (' '), ('copy t to stdout'), ('/* ; */ COPY (select 1) TO STDOUT'), ('begin'),
  ('vacuum a; vacuum b'), ('do $$ x; $$; select 1')
) as c (command);
select throws_ok(
  format(
    'select rota.define_schedule(''tidy'', %L, command => ''vacuum'', timezone => %L)',
    c.cron, c.timezone
  ),
  '22023', format('a command cannot run at "%s" in zone %s', c.cron, c.timezone),
  'pg_cron does not know this time'
)
from (values
  ('@every 1 hour', 'UTC'), ('0 0 L * *', 'UTC'), ('0 0 * * *', 'Europe/Berlin')
) as c (cron, timezone);
select is((select count(*) from rota.schedules), 0::bigint, 'nothing was half done');

-- the deed
select is(rota.define_schedule('work', '0 3 * * *'), 'work', 'it returns the name');
select results_eq(
  $$select s.task, s.timezone, s.overlap, s.misfire, s.max_catchup, s.input, s.next_at
    from rota.schedules as s$$,
  $$values (
    'work', 'UTC', 'skip', 'run_once', 10, '{}'::jsonb, timestamptz '2026-01-02 03:00+00'
  )$$,
  'the task is the one of the same name, and the next slot is counted from now'
);
do $$ begin
  perform rota.define_schedule('work', '@daily', input => '{"a": 1}', timezone => 'Asia/Tokyo');
  perform rota.define_schedule('work', '*/5 * * * *', overlap => 'queue');
end $$;
select results_eq(
  $$select s.cron, s.timezone, s.overlap, s.input, s.next_at from rota.schedules as s$$,
  $$values (
    '*/5 * * * *', 'UTC', 'queue', '{}'::jsonb, timestamptz '2026-01-01 12:05+00'
  )$$,
  'a redefinition replaces it whole: what is left out takes its default again'
);
select lives_ok(
  $sql$select rota.define_schedule(
    'tidy', '0 4 * * sun', command => 'vacuum (analyze) "a;b"; -- ; all'
  )$sql$,
  'one statement is a command, whatever stands in its names and comments'
);
select results_eq(
  $$select s.task, s.next_at from rota.schedules as s where s.name = 'tidy'$$,
  $$values (null::text, timestamptz '2026-01-04 04:00+00')$$,
  'a command starts no task, and has a next time all the same'
);
do $$ begin
  perform rota.define_calendar('january', '{"dates": ["01-01..01-31"]}');
  perform rota.define_calendar('always', '{"hours": ["00:00-24:00"]}');
  perform rota.define_schedule('work', '0 3 * * *', calendar => 'january');
end $$;
select results_eq(
  $$select s.calendar, s.next_at, s.next_start_at from rota.schedules as s where s.name = 'work'$$,
  $$values ('january', timestamptz '2026-01-02 03:00+00', timestamptz '2026-02-01 03:00+00')$$,
  'with a calendar it shows the next slot, and the next that the calendar does not exclude'
);
do $$ begin perform rota.define_schedule('work', '0 3 * * *', calendar => 'always'); end $$;
select results_eq(
  $$select s.next_at, s.next_start_at from rota.schedules as s where s.name = 'work'$$,
  $$values (timestamptz '2026-01-02 03:00+00', null::timestamptz)$$,
  'or none where there is no end to it'
);
do $$ begin perform rota.define_schedule('work', '0 3 * * *'); end $$;
select results_eq(
  $$select s.calendar, s.next_start_at from rota.schedules as s where s.name = 'work'$$,
  $$values (null::text, timestamptz '2026-01-02 03:00+00')$$,
  'one that is left out is gone'
);

select * from finish();
rollback;
