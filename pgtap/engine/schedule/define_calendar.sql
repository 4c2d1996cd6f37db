begin;
select plan(30);
set local time zone 'UTC';

-- given: a still clock
select test.set_clock('2026-01-01 12:00:30+00');

-- who may call it
select is(
  test.callers('rota.define_calendar'), '{rota_admin}', 'an administrator may call it, nobody else'
);

set local role rota_admin;

-- refusals
select throws_ok(
  $$select rota.define_calendar('x;y', '[]')$$, '22023',
  $$calendar name 'x;y' is not usable$$, 'a name that would not be readable everywhere is refused'
);
select is(
  test.refusal(format('select rota.define_calendar(''holidays'', %L)', r.rules)),
  format('22023 calendar holidays%s; %s', r.answer, h.hint),
  format('refused: %s', r.rules)
)
from (values
  ('what', 'Conditions are weekdays, dates and hours, each a list such as'
    || ' {"weekdays": ["sat", "sun"]}; timezone says where.'),
  ('rules', 'select rota.define_calendar(''holidays'', ''{"weekdays": ["sat", "sun"]}'');'),
  ('days', 'Days are mon, tue, wed, thu, fri, sat and sun.'),
  ('dates', 'Write a date 2026-12-25, a day of each year 12-24, or from..to of either, such as '
    || '2026-12-24..2027-01-01.'),
  ('hours', 'Write from-to, such as 08:00-17:30, or 22:00-06:00 over midnight; the end is not in'
    || ' it.'),
  ('zone', 'Use a name from: select name from pg_timezone_names order by 1; such as Europe/Berlin.')
) as h (about, hint)
join (values
  ('rules', null, ': rules are a JSON object or a list of objects, not null'),
  ('rules', '"sun"', ': rules are a JSON object or a list of objects, not "sun"'),
  ('what', '{}', ': {} has no condition and would exclude everything'),
  ('what', '[{"weekdays": ["sat"]}, {"timezone": "UTC"}]',
    ', rule 2: {"timezone": "UTC"} has no condition and would exclude everything'),
  ('what', '["sun"]', ', rule 1: a rule is a JSON object, not "sun"'),
  ('what', '{"dates": ["12-24"], "weekday": ["sat"]}', ': "weekday" is not a condition'),
  ('what', '{"weekdays": "sat"}', ': weekdays is a list with something in it, not "sat"'),
  ('what', '{"weekdays": ["sat"], "dates": []}',
    ': dates is a list with something in it, not []'),
  ('days', '{"weekdays": ["sat", "someday"]}', ': weekdays does not take "someday"'),
  ('days', '{"weekdays": [6]}', ': weekdays does not take 6'),
  ('days', '{"weekdays": [null]}', ': weekdays does not take null'),
  ('dates', '[{"weekdays": ["sat"]}, {"dates": ["2026-02-29"]}]',
    ', rule 2: dates does not take "2026-02-29"'),
  ('dates', '{"dates": ["02-30"]}', ': dates does not take "02-30"'),
  ('dates', '{"dates": ["24.12."]}', ': dates does not take "24.12."'),
  ('dates', '{"dates": ["2026-12-24..01-01"]}', ': dates does not take "2026-12-24..01-01"'),
  ('dates', '{"dates": ["2026-12-24..2026-12-01"]}',
    ': dates does not take "2026-12-24..2026-12-01"'),
  ('dates', '{"dates": [20261224]}', ': dates does not take 20261224'),
  ('hours', '{"hours": ["22-6"]}', ': hours does not take "22-6"'),
  ('hours', '{"hours": ["24:00-06:00"]}', ': hours does not take "24:00-06:00"'),
  ('hours', '{"hours": ["08:00-08:00"]}', ': hours does not take "08:00-08:00"'),
  ('zone', '{"weekdays": ["sat"], "timezone": "Berlin"}', ': timezone does not take "Berlin"'),
  ('zone', '{"weekdays": ["sat"], "timezone": null}', ': timezone does not take null')
) as r (about, rules, answer) on r.about = h.about;
select is((select count(*) from rota.calendars), 0::bigint, 'nothing was half done');

-- the deed
select is(
  rota.define_calendar('weekend', '{"weekdays": ["sat", "SUN"]}'), 'weekend',
  'it returns the name'
);
select results_eq(
  'select c.name, c.rules, c.schedules, c.defined_at, c.defined_by from rota.calendars as c',
  $$values (
    'weekend', '[{"weekdays": ["sat", "SUN"]}]'::jsonb, '{}'::text[],
    timestamptz '2026-01-01 12:00:30+00', 'rota_admin'::name
  )$$,
  'the rules are a list, as they were given'
);
select lives_ok(
  $$select rota.define_calendar('weekend', '[]')$$,
  'a list without rules excludes nothing, so that one made by a program may be empty'
);
select results_eq(
  $$select c.rules, rota.calendar_excludes('weekend', '2026-01-03 12:00+00')
    from rota.calendars as c$$,
  $$values ('[]'::jsonb, false)$$,
  'a redefinition replaces the rules whole'
);
select lives_ok(
  format('select rota.define_calendar(''nights'', %L)', jsonb_build_object(
    'weekdays', '["mon"]'::jsonb,
    'dates', '["12-24", "2026-12-24..2027-01-01", "12-31..01-01"]'::jsonb,
    'hours', '["22:00-06:00", "12:00-24:00"]'::jsonb, 'timezone', 'Europe/Berlin'
  )),
  'an object may have every condition'
);

select * from finish();
rollback;
