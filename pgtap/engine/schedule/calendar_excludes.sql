begin;
select plan(36);

-- given: calendars
do $$ begin
  perform rota.define_calendar('weekend', '{"weekdays": ["sat", "sun"]}');
  perform rota.define_calendar('tokyo', '{"weekdays": ["sat"], "timezone": "Asia/Tokyo"}');
  perform rota.define_calendar('days',
    '{"dates": ["2026-05-01", "12-24", "2026-12-30..2027-01-02", "02-29", "03-30..04-02"]}');
  perform rota.define_calendar('yule', '{"dates": ["12-24..01-06"]}');
  perform rota.define_calendar('night', '{"hours": ["22:00-06:00", "12:30-13:00"]}');
  perform rota.define_calendar('berlin', '{"hours": ["02:00-03:00"], "timezone": "Europe/Berlin"}');
  perform rota.define_calendar('friday', '{"weekdays": ["fri"], "hours": ["18:00-24:00"]}');
  perform rota.define_calendar('either', '[{"weekdays": ["mon"]}, {"dates": ["2026-01-06"]}]');
end $$;

-- who may call it
select is(
  test.callers('rota.calendar_excludes'),
  '{rota_admin,rota_app,rota_monitor,rota_reader,rota_worker}',
  'every role of rota may call it, nobody else'
);

set local role rota_app;

-- refusals
select throws_ok(
  $$select rota.calendar_excludes('it''s', 'epoch')$$, '42704',
  $$calendar 'it''s' does not exist$$, 'an unknown calendar is refused'
);
select throws_ok(
  $$select rota.calendar_excludes('weekend', 'infinity')$$, '22023',
  'calendar_excludes needs a moment, not infinity', 'infinity is refused'
);
select is(rota.calendar_excludes('weekend', null), null, 'null is answered with null');

-- the deed
select is(rota.calendar_excludes(c.calendar, c.at), c.answer, format('%s, %s', c.calendar, c.what))
from (values
  ('weekend', timestamptz '2026-01-02 23:59:59.999999+00', false, 'the last of Friday'),
  ('weekend', '2026-01-03 00:00+00', true, 'the first of Saturday'),
  ('weekend', '2026-01-04 23:59:59.999999+00', true, 'the last of Sunday'),
  ('weekend', '2026-01-05 00:00+00', false, 'the first of Monday'),
  ('tokyo', '2026-01-02 15:00+00', true, 'where it is Saturday'),
  ('tokyo', '2026-01-03 15:00+00', false, 'where it is Sunday'),
  ('days', '2026-05-01 12:00+00', true, 'a date'),
  ('days', '2027-05-01 12:00+00', false, 'another year'),
  ('days', '2031-12-24 12:00+00', true, 'a day of each year'),
  ('days', '2026-12-29 23:59+00', false, 'before a range'),
  ('days', '2026-12-30 00:00+00', true, 'the first day of a range'),
  ('days', '2027-01-02 23:59+00', true, 'the last day of a range'),
  ('days', '2027-01-03 00:00+00', false, 'after a range'),
  ('days', '2028-02-29 12:00+00', true, 'a leap day'),
  ('days', '2027-02-28 12:00+00', false, 'no leap day'),
  ('days', '2030-04-01 12:00+00', true, 'in a range of each year'),
  ('days', '2030-04-03 12:00+00', false, 'after a range of each year'),
  ('yule', '2030-12-24 12:00+00', true, 'a range of each year begins'),
  ('yule', '2031-01-06 12:00+00', true, 'it ends in the next'),
  ('yule', '2031-01-07 00:00+00', false, 'it is over'),
  ('night', '2026-01-01 21:59:59.999999+00', false, 'before it'),
  ('night', '2026-01-01 22:00+00', true, 'before midnight'),
  ('night', '2026-01-01 05:59:59.999999+00', true, 'after midnight'),
  ('night', '2026-01-01 06:00+00', false, 'the end is not in it'),
  ('night', '2026-01-01 12:59:59+00', true, 'other hours of the list'),
  ('berlin', '2026-07-01 00:30+00', true, 'summer'),
  ('berlin', '2026-07-01 01:30+00', false, 'winter time in summer'),
  ('berlin', '2026-03-29 01:00+00', false, 'the hour that is left out'),
  ('berlin', '2026-10-25 00:30+00', true, 'the doubled hour, first'),
  ('berlin', '2026-10-25 01:30+00', true, 'the doubled hour, again'),
  ('friday', '2026-01-03 01:00+00', false, 'all conditions are of the moment itself'),
  ('either', '2026-01-06 01:00+00', true, 'any rule excludes')
) as c (calendar, at, answer, what);

select * from finish();
rollback;
