begin;
select plan(11);

-- given: a still clock, a run that waits, one that failed
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
select rota.define_pipeline('gate', array[
  rota.step('approval', wait_for => 'approved'), rota.step('go', 'echo', '{approval}')]);
select rota.define_pipeline('broken', array[
  rota.step('a', 'echo'), rota.step('b', 'fails', '{a}'), rota.step('c', 'echo', '{b}')]);
set local role rota_test_shop;
select rota.start('gate');
select rota.start('broken');
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

select results_eq(
  $$select r.role
    from unnest('{public,rota_admin,rota_app,rota_monitor,rota_reader,rota_worker}'::text[])
      as r (role)
    where has_function_privilege(r.role, 'rota.skip_step'::regproc, 'execute')$$,
  $$values ('rota_admin'), ('rota_app')$$,
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
  pg_temp.refusal($$select rota.skip_step(2, 'x')$$),
  '42704 run 2 has no step ''x''; Its steps are a, b, c.', 'an unknown step is refused'
);
select is(
  pg_temp.refusal($$select rota.skip_step(2, 'a')$$),
  'RT001 step a of run 2 is succeeded and cannot be skipped; '
  'Do it again: select rota.retry(2, from_step => ''a'');',
  'one that has succeeded is refused'
);
select is(
  pg_temp.refusal($$select rota.skip_step(3, 'a')$$),
  '22023 run 3 has no steps; select rota.retry(3);', 'a run of a task has none'
);

-- the deed
select is(rota.skip_step(1, 'approval', '{"by": "hand"}'), 'running', 'a step is skipped');
select is(rota.skip_step(2, 'b'), 'running', 'a failed run is taken up again');
reset role;
select pg_temp.work();
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
