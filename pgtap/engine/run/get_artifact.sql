begin;
select plan(7);

-- given: a still clock, artifacts of the steps of a run
select test.set_clock('2026-01-01 12:00+00');
alter table rota_core.run alter column run_id restart with 1;
select rota.define_task('echo', 'test.echo');
create role rota_test_shop nologin;
create role rota_test_blog nologin;
grant rota_app to rota_test_shop, rota_test_blog;
insert into rota_core.run (
  run_id, task, lane, state, run_at, created_at, created_by, parent_run_id, step
)
overriding system value
values
  (1, 'echo', 'default', 'queued', 'epoch', 'epoch', 'rota_test_shop', null, null),
  (2, 'echo', 'default', 'queued', 'epoch', 'epoch', 'rota_test_shop', 1, 'a'),
  (3, 'echo', 'default', 'queued', 'epoch', 'epoch', 'rota_test_shop', 2, 'b');
insert into rota_core.artifact (run_id, name, media_type, content, created_at, created_by)
values
  (2, 'raw', 'text/plain', 'old', 'epoch', 'rota_worker'),
  (3, 'raw', 'text/plain', 'new', '2026-01-01', 'rota_worker'),
  (3, 'list', 'text/plain', 'x', '2026-01-01', 'rota_worker');

select is(
  test.callers('rota.get_artifact'), '{rota_admin,rota_app}',
  'applications and administrators may read them, and nobody else'
);

-- refusals
set local role rota_test_blog;
select throws_ok(
  $$select rota.get_artifact(1, 'raw')$$, '42501', 'run 1 was started by rota_test_shop',
  'those of another application are refused'
);
set local role rota_test_shop;
select is(
  test.refusal($$select rota.get_artifact(1, 'rwa')$$),
  '42704 run 1 has no artifact ''rwa''; It has: list, raw.', 'an unknown name is refused'
);
select throws_ok(
  $$select rota.get_artifact(404, 'raw')$$, '42704', 'run 404 does not exist',
  'so is an unknown run'
);

-- the deed
select is(
  convert_from(rota.get_artifact(2, 'raw'), 'UTF8'), 'old', 'a run gives what it has kept'
);
select is(
  convert_from(rota.get_artifact(1, 'raw'), 'UTF8'), 'new',
  'a pipeline the newest of its steps, and of theirs'
);
select is(
  convert_from(rota.get_artifact(1, 'list'), 'UTF8'), 'x', 'whichever has kept it'
);
reset role;

select * from finish();
rollback;
