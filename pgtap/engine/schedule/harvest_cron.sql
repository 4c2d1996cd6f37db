begin;
select plan(6);

-- What they do where pg_cron is, tests/test_cron_harvest.py tries. Here there is none.
select is(
  test.callers(('rota_core.' || f.name)::regproc), '{rota_worker}',
  'the supervisor may call it, nobody else: ' || f.name
)
from unnest('{harvest_cron,purge_cron,open_cron_place}'::text[]) as f (name);

set local role rota_worker;
select is(rota_core.harvest_cron(), 0, 'without pg_cron there is nothing to read');
select lives_ok('select rota_core.purge_cron()', 'nor to purge');
reset role;
select is_empty('select from rota_core.cron_place', 'nor a place to keep');

select * from finish();
rollback;
