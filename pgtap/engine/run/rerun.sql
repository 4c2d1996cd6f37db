begin;
select plan(9);

-- given: a still clock, a run that ended, one that is redacted, one without its task
select test.set_clock('2026-01-01 12:00+00');
alter table rota_core.run alter column run_id restart with 1;
select rota.define_task('echo', 'test.echo');
select rota.define_task('fails', 'test.fails', max_attempts => 1);
create role rota_test_shop nologin;
create role rota_test_blog nologin;
grant rota_app to rota_test_shop, rota_test_blog;
select rota.define_task('secret', 'test.echo', tags => '{t}', doc => '{"redact": ["input.x"]}');
select rota.define_pipeline('p', array[rota.step('a', 'echo')]);
set local role rota_test_shop;
select rota.start('echo', '{"n": 1}', key => 'k', priority => 7, tags => '{user:1}');
select rota.start('secret', '{"x": 1}');
select rota.start('p', '{"n": 2}');
select rota.start('fails');
reset role;
select test.work();
select rota.drop_task('fails');

select is(
  test.callers('rota.rerun'), '{rota_admin,rota_app}',
  'applications and administrators may run again, and nobody else'
);

-- refusals
set local role rota_test_blog;
select throws_ok(
  'select rota.rerun(1)', '42501', 'run 1 was started by rota_test_shop',
  'the run of another application is refused'
);
set local role rota_test_shop;
select throws_ok(
  'select rota.rerun(404)', '42704', 'run 404 does not exist', 'an unknown run is refused'
);
select is(
  test.refusal('select rota.rerun(2)'),
  'RT001 run 2 has lost its input and cannot be started again; '
  'Start it with an input: select * from rota.start(''secret'', ...);',
  'so is one whose input is redacted'
);
select throws_ok(
  'select rota.rerun(4)', '42704', 'task ''fails'' does not exist', 'or whose task is gone'
);

-- the deed
select is(rota.rerun(1), 6::bigint, 'a run is started anew');
select is(rota.rerun(3), 7::bigint, 'so is a pipeline');
reset role;
select results_eq(
  'select r.task, r.input, r.priority, r.tags, r.key, r.origin, r.created_by
    from rota_core.run as r where r.run_id in (6, 7) order by r.run_id',
  $$values
    ('echo', '{"n": 1}'::jsonb, 7, '{user:1}'::text[], null::text, 'rerun:1',
      'rota_test_shop'::name),
    ('p', '{"n": 2}', 0, '{}', null, 'rerun:3', 'rota_test_shop')$$,
  'with the same input, priority and tags, without the key'
);
select is(
  (select count(*) from rota.runs as r where r.run_id in (1, 3) and r.state = 'succeeded'),
  2::bigint, 'the earlier ones stay'
);

select * from finish();
rollback;
