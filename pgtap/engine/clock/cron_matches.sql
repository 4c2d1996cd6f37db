begin;
select plan(4);
set local time zone 'UTC';

-- who may call it
select is(
  test.callers('rota.cron_matches'), '{rota_admin,rota_app,rota_monitor,rota_reader,rota_worker}',
  'every role of rota may call it, nobody else'
);

set local role rota_worker;

-- refusals
select throws_ok(
  $$select rota.cron_matches('* * * *', '2026-01-01')$$,
  '22023', 'cron expression "* * * *" has 4 fields, not 5',
  'what cron_next refuses is refused'
);

-- the deed
select results_eq(
  $$select rota.cron_matches('30 9 * * mon-fri', d, 'Asia/Kolkata')
    from (values
      (timestamptz '2026-01-02 04:00+00'), ('2026-01-02 04:00:59+00'),
      ('2026-01-02 04:01+00'), ('2026-01-03 04:00+00')
    ) as v (d)$$,
  array[true, true, false, false],
  'it is true for the whole of a minute that fires'
);
select results_eq(
  $$select rota.cron_matches('@every 10 seconds', d)
    from (values (timestamptz '2026-01-02 04:00:10.9+00'), ('2026-01-02 04:00:11+00')) as v (d)$$,
  array[true, false],
  'and for the whole of a second with @every'
);

select * from finish();
rollback;
