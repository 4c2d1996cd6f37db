begin;
select plan(5);
set local time zone 'UTC';

-- who may call it
select is(
  test.callers('rota.cron_prev'), '{rota_admin,rota_app,rota_monitor,rota_reader,rota_worker}',
  'every role of rota may call it, nobody else'
);

set local role rota_app;

-- refusals
select throws_ok(
  $$select rota.cron_prev('61 * * * *', '2026-01-01')$$,
  '22023', 'cron field minute does not take "61"',
  'what cron_next refuses is refused'
);

-- the deed
select is(
  rota.cron_prev('0 3 * * *', '2026-01-02 03:00+00'), timestamptz '2026-01-01 03:00+00',
  'the last moment is strictly before the given one'
);
select is(
  rota.cron_prev('0 0 29 2 *', '2026-01-01'), timestamptz '2024-02-29',
  'a leap day is found years ago'
);
select results_eq(
  $$select rota.cron_prev('30 2 * * *', d, 'Europe/Berlin')
    from (values
      (timestamptz '2026-03-29 01:00:01+00'),
      ('2026-10-25 01:30+00')
    ) as v (d)$$,
  $$values (timestamptz '2026-03-29 01:00+00'), ('2026-10-25 00:30+00')$$,
  'a fixed time in a missing hour was at its end, in a doubled hour the first time round'
);

select * from finish();
rollback;
