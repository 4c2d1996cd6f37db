begin;
select plan(9);

-- given: a still clock, a run that ended, one that is redacted, one without its task
create or replace function rota_core.wall_clock() returns timestamptz
language sql as $$ select timestamptz '2026-01-01 12:00+00' $$;
alter table rota_core.run alter column run_id restart with 1;

create schema app;
grant usage on schema app to rota_worker;
create function app.echo(input jsonb) returns jsonb language sql as $$ select input $$;
create function app.fails(input jsonb) returns jsonb
language plpgsql as $$ begin raise exception 'no paper'; end; $$;
select rota.define_task('echo', 'app.echo');
select rota.define_task('fails', 'app.fails', max_attempts => 1);
create role rota_test_shop nologin;
create role rota_test_blog nologin;
grant rota_app to rota_test_shop, rota_test_blog;
select rota.define_task('secret', 'app.echo', tags => '{t}', doc => '{"redact": ["input.x"]}');
select rota.define_pipeline('p', array[rota.step('a', 'echo')]);
set local role rota_test_shop;
select rota.start('echo', '{"n": 1}', key => 'k', priority => 7, tags => '{user:1}');
select rota.start('secret', '{"x": 1}');
select rota.start('p', '{"n": 2}');
select rota.start('fails');
reset role;

create function pg_temp.refusal(statement text) returns text
language plpgsql as $$
declare v_hint text;
begin
  execute statement;
  return 'done';
exception when others then
  get stacked diagnostics v_hint = pg_exception_hint;
  return format('%s %s; %s', sqlstate, sqlerrm, v_hint);
end;
$$;

create function pg_temp.work() returns void
language plpgsql as $$
declare
  v_run rota_core.run;
  v_task rota_core.task;
  v_answer jsonb;
  v_error jsonb;
begin
  loop
    update rota_core.run as r
    set state = 'running', worker_id = 1, attempt = r.attempt + 1
    where r.run_id = (
      select min(q.run_id) from rota_core.run as q
      where q.state = 'queued' and q.run_at <= rota_core.wall_clock()
    )
    returning r.* into v_run;
    exit when not found;
    select t.* into v_task from rota_core.task as t where t.task = v_run.task;
    if v_task.kind = 'pipeline' then
      perform rota_core.begin_pipelines(1, array[
        row(v_run.run_id, v_run.task, v_run.attempt, 'pipeline', null, null, null,
          null)::rota_core.claim_item
      ]);
      continue;
    end if;
    v_error := null;
    begin
      execute v_task.statement into v_answer using v_run.input, v_run.checkpoint;
    exception when others then
      v_error := rota_core.error_json(sqlstate, sqlerrm, '', '', '');
    end;
    perform rota_core.record_outcomes(1, array[
      row(v_run.run_id, v_run.task, v_run.attempt, v_answer, v_error, rota_core.wall_clock(),
        rota_core.wall_clock())::rota_core.outcome
    ], v_error is not null, '{}');
  end loop;
end;
$$;
select pg_temp.work();
select rota.drop_task('fails');

select results_eq(
  $$select r.role
    from unnest('{public,rota_admin,rota_app,rota_monitor,rota_reader,rota_worker}'::text[])
      as r (role)
    where has_function_privilege(r.role, 'rota.rerun'::regproc, 'execute')$$,
  $$values ('rota_admin'), ('rota_app')$$,
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
  pg_temp.refusal('select rota.rerun(2)'),
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
