begin;
select plan(10);

-- given: two applications, and a run with an attempt and log lines
create role rota_test_shop nologin;
create role rota_test_till nologin;
create role rota_test_blog nologin;
grant rota_app to rota_test_shop, rota_test_blog;
grant rota_test_shop to rota_test_till;
select rota.define_task('charge', 'test.f');
set local role rota_test_shop;
create temp table run as select s.run_id from rota.start('charge', '{"id": 7}', key => 'k') as s;
reset role;
grant select on run to public;
insert into rota_core.attempt (run_id, task, attempt, outcome, charged, finished_at, error)
select r.run_id, 'charge', n.n, 'failed', true, 'epoch', '{"message": "no"}'
from run as r, unnest('{2,1}'::int[]) as n (n);
insert into rota_core.log (at, level, message, context, run_id, task, attempt)
select 'epoch', 'info', format('line %s', n.n), '{}', r.run_id, 'charge', 1
from run as r, generate_series(1, 2) as n (n);

select is(
  test.callers('rota.get_run'), '{rota_admin,rota_app}',
  'applications and administrators may look, and nobody else'
);

-- refusals
set local role rota_test_blog;
select is(
  test.refusal('select rota.get_run(-404)'),
  '42704 run -404 does not exist; '
  'See the newest runs: select * from rota.runs order by run_id desc limit 20;',
  'an unknown run is refused'
);
select throws_ok('select rota.get_run(null)', '42704', 'run null does not exist', 'so is none');
select is(
  test.refusal(format('select rota.get_run(%s)', r.run_id)),
  format(
    '42501 run %s was started by rota_test_shop; '
    'An application sees and stops its own runs; rota_admin those of all.', r.run_id
  ),
  'the run of another application is refused'
)
from run as r;

-- the deed
set local role rota_test_shop;
select is(
  (select rota.get_run(r.run_id) from run as r) - '{run_id,run_at,created_at,attempts,log}'::text[],
  '{
    "task": "charge", "lane": "default", "state": "queued", "priority": 0, "attempt": 0,
    "input": {"id": 7}, "output": null, "error": null, "progress": null, "rows_done": null,
    "key": "k", "tags": [], "origin": null, "parent_run_id": null, "step": null, "element": null,
    "worker_id": null,
    "stop_reason": null, "created_by": "rota_test_shop", "started_at": null, "finished_at": null
  }'::jsonb,
  'its own run is shown, with the columns of rota.runs'
);
select is(
  (
    select jsonb_path_query_array(rota.get_run(r.run_id), '$.attempts[*].attempt') from run as r
  ),
  '[1, 2]', 'and its attempts in order'
);
select is(
  (select jsonb_path_query_array(rota.get_run(r.run_id), '$.log[*].message') from run as r),
  '["line 1", "line 2"]', 'and what was logged'
);
set local role rota_test_till;
select is(
  (select rota.get_run(r.run_id) ->> 'state' from run as r), 'queued',
  'who belongs to the role that started it sees it too'
);
set local role rota_admin;
select is(
  (select rota.get_run(r.run_id) ->> 'state' from run as r), 'queued', 'an administrator sees all'
);
reset role;
select rota_core.finish_runs(array(select r.run_id from run as r), 'queued', 'failed');
set local role rota_test_shop;
select is(
  (select rota.get_run(r.run_id) ->> 'state' from run as r), 'failed', 'history is shown alike'
);

select * from finish();
rollback;
