begin;
select plan(18);

-- given: a still clock, a run in this session, one in another, one in none
select test.set_clock('2026-01-01 12:00+00');
alter table rota_core.run alter column run_id restart with 1;
select rota.define_task('echo', 'test.echo');
create role rota_test_shop nologin;
grant rota_app to rota_test_shop;
insert into rota_core.worker (worker_id, kind, lane, pid, role, started_at, seen_at)
overriding system value
values
  (1, 'worker', 'default', pg_backend_pid(), 'rota_worker', 'epoch', 'epoch'),
  (2, 'worker', 'default', 1, 'rota_worker', 'epoch', 'epoch');
insert into rota_core.run (
  run_id, task, lane, state, worker_id, attempt, run_at, created_at, created_by
)
overriding system value
values
  (1, 'echo', 'default', 'running', 1, 1, 'epoch', 'epoch', 'rota_test_shop'),
  (2, 'echo', 'default', 'running', 2, 1, 'epoch', 'epoch', 'rota_test_shop');
update rota_core.run as r set parent_run_id = 2, step = 's' where r.run_id = 1;

select is(
  test.callers('rota.save_artifact'), '{rota_admin,rota_app,rota_worker}',
  'who works may keep artifacts, and nobody else'
);

-- refusals
set local role rota_worker;
select is(
  test.refusal($$select rota.save_artifact('a', '1')$$),
  'RT001 an artifact is kept by a run, and this is none; '
  'Call rota.save_artifact in the handler of a task.',
  'outside of a run there is nothing to keep it with'
);
select set_config('rota.attempt', '2 1 0', true);
select throws_ok(
  $$select rota.save_artifact('a', '1')$$, 'RT001', null, 'nor with the run of another session'
);
select set_config('rota.attempt', '1 1 0', true);
select throws_ok(
  $$select rota.save_artifact('a')$$, '22023',
  'artifact ''a'' needs either content (jsonb) or data (bytea)', 'it has a content'
);
select throws_ok(
  $$select rota.save_artifact('a', '1', 'x')$$, '22023',
  'artifact ''a'' needs either content (jsonb) or data (bytea)', 'one'
);
select throws_ok(
  $$select rota.save_artifact('../a', '1')$$, '22023', 'artifact name ''../a'' is not usable',
  'a name that is a path is refused'
);
select throws_ok(
  $$select rota.save_artifact(null, '1')$$, '22023', 'artifact name null is not usable',
  'so is none'
);
select throws_ok(
  $$select rota.save_artifact('a', '1', media_type => 'nothing')$$, '22023',
  'artifact a: media type ''nothing'' is not one', 'and a type that is none'
);
select throws_ok(
  $$select rota.save_artifact('a', data => convert_to(repeat('x', 101 << 20), 'UTF8'))$$, '22023',
  'artifact a has 101 MB; at most 100 can be kept', 'or more than can be kept'
);

-- the deed
select lives_ok(
  $$select rota.save_artifact('raw-content', '{"items": [1]}')$$, 'JSON is kept'
);
select lives_ok(
  $$select rota.save_artifact('list', data => 'a,b', media_type => 'text/csv; charset=utf-8')$$,
  'and bytes'
);
select lives_ok(
  $$select rota.save_artifact('list', data => 'a,b,c', media_type => 'text/csv')$$,
  'the last of a name stands'
);
reset role;
select results_eq(
  'select a.run_id, a.pipeline_run_id, a.task, a.step, a.name, a.media_type, a.bytes, a.created_at
    from rota.artifacts as a order by a.name',
  $$values
    (1::bigint, 2::bigint, 'echo', 's', 'list', 'text/csv', 5, rota_core.wall_clock()),
    (1, 2, 'echo', 's', 'raw-content', 'application/json', 34, rota_core.wall_clock())$$,
  'they are listed'
);
insert into rota_core.artifact (run_id, name, media_type, content, created_at, created_by)
select 1, 'n' || i, 'text/plain', 'x', 'epoch', 'rota_worker' from generate_series(1, 98) as i;
select throws_ok(
  $$select rota.save_artifact('more', '1')$$, '22023', 'a run keeps at most 100 artifacts',
  'a hundred are enough'
);
select lives_ok($$select rota.save_artifact('list', '1')$$, 'one of them may be replaced');
select is(
  rota_core.save_external_artifact(1, 1, 1, 'list', 'x', 'text/plain')::text, '',
  'an external worker keeps them for its run'
);
select throws_ok(
  $$select rota_core.save_external_artifact(1, 1, 2, 'list', 'x', 'text/plain')$$, 'RT003', null,
  'as long as the attempt is its own'
);
select is(
  (select convert_from(a.content, 'UTF8') from rota_core.artifact as a
    where a.name = 'raw-content')::jsonb,
  '{"items": [1]}', 'what was kept is what was given'
);

select * from finish();
rollback;
