begin;
select plan(12);
set local time zone 'UTC';

-- who may call it
select is(
  test.callers('rota.cron_next'), '{rota_admin,rota_app,rota_monitor,rota_reader,rota_worker}',
  'every role of rota may call it, nobody else'
);

set local role rota_reader;

-- refusals
select is(
  test.refusal($$select rota.cron_next('0 24 * * *', '2026-01-01')$$),
  '22023 cron field hour does not take "24"; Write a number, a range 1-5, a step */15 or 10-50/5, '
  || 'or a list of these: 1,15,30.',
  'a value out of range is refused with its field'
);
select is(
  test.refusal($$select rota.cron_next('0 0 * * sat-sun', '2026-01-01')$$),
  '22023 cron field day of week does not take "sat-sun"; Sunday is also 7: write sat-7.',
  'a range that ends on Sunday is refused with what to write'
);
select is(
  test.refusal($$select rota.cron_next('0 0 30 2 *', '2026-01-01')$$),
  '22023 cron expression "0 0 30 2 *" can never match; '
  || 'Write L for the last day of a month: 0 0 L 2 *.',
  'an expression that can never match is refused as such'
);
select throws_ok(
  $$select rota.cron_next('* * * * *', '2026-01-01', 'Mars/Olympus')$$,
  '22023', 'time zone "Mars/Olympus" not recognized',
  'an unknown time zone is refused'
);
select throws_ok(
  $$select rota.cron_next('* * * * *', 'infinity')$$,
  '22023', 'cron_next needs a moment, not infinity',
  'there is nothing after infinity'
);

-- the deed
select is(
  rota.cron_next('0 3 * * *', '2026-01-01 03:00+00'), timestamptz '2026-01-02 03:00+00',
  'the next moment is strictly after the given one'
);
select is(
  rota.cron_next('0 3 * * *', '2026-01-01 02:59:59.999999+00'), timestamptz '2026-01-01 03:00+00',
  'down to the microsecond'
);
select is(
  rota.cron_next('0 3 * * *', '2026-07-01 00:00+00', 'Europe/Berlin'),
  timestamptz '2026-07-01 01:00+00',
  'an expression is read in its time zone'
);
select is(
  rota.cron_next('0 0 13 * 5', '2026-02-01'), timestamptz '2026-02-06',
  'day of month and day of week are alternatives when both are restricted'
);
select is(
  rota.cron_next('@every 90 seconds', '2026-01-01 00:00:01+00'),
  timestamptz '2026-01-01 00:01:30+00',
  'an interval is counted from 1970'
);
select is(rota.cron_next(null, '2026-01-01'), null, 'of nothing comes nothing');

select * from finish();
rollback;
