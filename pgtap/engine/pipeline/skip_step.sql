begin;
select plan(11);

-- given: a still clock, a run that waits, one that failed
select test.set_clock('2026-01-01 12:00+00');
alter table rota_core.run alter column run_id restart with 1;
select rota.define_task('echo', 'test.echo');
select rota.define_task('fails', 'test.fails', max_attempts => 1);
create role rota_test_shop nologin;
create role rota_test_blog nologin;
grant rota_app to rota_test_shop, rota_test_blog;
select rota.define_pipeline('gate', array[
  rota.step('approval', wait_for => 'approved'), rota.step('go', 'echo', '{approval}')]);
select rota.define_pipeline('broken', array[
  rota.step('a', 'echo'), rota.step('b', 'fails', '{a}'), rota.step('c', 'echo', '{b}')]);
set local role rota_test_shop;
select rota.start('gate');
select rota.start('broken');
reset role;
select test.work();

select is(
  test.callers('rota.skip_step'), '{rota_admin,rota_app}',
  'applications and administrators may skip steps, and nobody else'
);

select is(
  (select r.error ->> 'message' from rota.runs as r where r.run_id = 2), 'no paper',
  'a run fails with its step'
);

-- refusals
set local role rota_test_blog;
select throws_ok(
  $$select rota.skip_step(1, 'approval')$$, '42501', 'run 1 was started by rota_test_shop',
  'the run of another application is refused'
);
set local role rota_test_shop;
select is(
  test.refusal($$select rota.skip_step(2, 'x')$$),
  '42704 run 2 has no step ''x''; Its steps are a, b, c.', 'an unknown step is refused'
);
select is(
  test.refusal($$select rota.skip_step(2, 'a')$$),
  'RT001 step a of run 2 is succeeded and cannot be skipped; '
  'Do it again: select rota.retry(2, from_step => ''a'');',
  'one that has succeeded is refused'
);
select is(
  test.refusal($$select rota.skip_step(3, 'a')$$),
  '22023 run 3 has no steps; select rota.retry(3);', 'a run of a task has none'
);

-- the deed
select is(rota.skip_step(1, 'approval', '{"by": "hand"}'), 'running', 'a step is skipped');
select is(rota.skip_step(2, 'b'), 'running', 'a failed run is taken up again');
reset role;
select test.work();
select is(
  (select r.output from rota.runs as r where r.run_id = 1),
  '{"go": {"run": {}, "approval": {"by": "hand"}}}', 'the steps after it get what was given'
);
select is(
  (select r.output from rota.runs as r where r.run_id = 2),
  '{"c": {"b": null, "run": {}}}', 'or null'
);
select results_eq(
  'select s.step, s.state from rota.pipeline_steps as s where s.run_id = 2 order by s.ordinal',
  $$values ('a', 'succeeded'), ('b', 'skipped'), ('c', 'succeeded')$$,
  'it is shown as skipped'
);

select * from finish();
rollback;
