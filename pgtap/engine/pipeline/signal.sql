begin;
select plan(14);

-- given: a still clock, runs that wait, have ended, have not begun
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
set local role rota_test_shop;
select rota.start('gate', '{"n": 1}') from generate_series(1, 3);
select rota.start('echo');
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
update rota_core.run as r set run_at = '2026-01-01 18:00+00' where r.run_id in (2, 3);
select pg_temp.work();

select results_eq(
  $$select r.role
    from unnest('{public,rota_admin,rota_app,rota_monitor,rota_reader,rota_worker}'::text[])
      as r (role)
    where has_function_privilege(r.role, 'rota.signal'::regproc, 'execute')$$,
  $$values ('rota_admin'), ('rota_app')$$,
  'applications and administrators may send signals, and nobody else'
);

select results_eq(
  'select s.state, s.waits_for from rota.pipeline_steps as s order by s.ordinal',
  $$values ('waiting', 'approved'), ('waiting', null)$$,
  'a step waits for its signal, and the others for it'
);

-- refusals
set local role rota_test_blog;
select throws_ok(
  $$select rota.signal(1, 'approved')$$, '42501', 'run 1 was started by rota_test_shop',
  'the run of another application is refused'
);
set local role rota_test_shop;
select throws_ok(
  $$select rota.signal(404, 'approved')$$, '42704', 'run 404 does not exist',
  'an unknown run is refused'
);
select is(
  pg_temp.refusal($$select rota.signal(1, 'aproved')$$),
  '22023 no step of run 1 of gate waits for signal ''aproved''; It waits for: approved.',
  'a signal that no step waits for is refused'
);
select is(
  pg_temp.refusal($$select rota.signal(4, 'approved')$$),
  '22023 no step of run 4 of echo waits for signal ''approved''; '
  'A step waits with wait_for: rota.step(''approval'', wait_for => ''approved'').',
  'a task without steps takes none'
);
select is(
  pg_temp.refusal($$select rota.signal(1, 'approved', null)$$),
  '22023 payload must not be null; Leave it out, or send an object.', 'null is no payload'
);

-- the deed
select ok(rota.signal(1, 'approved', '{"by": "Ada"}'), 'a signal is taken');
select ok(not rota.signal(1, 'approved', '{"by": "Eve"}'), 'the first of its name');
select ok(rota.signal(2, 'approved'), 'also before the run has begun');
reset role;
select pg_temp.work();
select is(
  (select r.output from rota.runs as r where r.run_id = 1),
  '{"go": {"run": {"n": 1}, "approval": {"by": "Ada"}}}', 'the payload is handed on'
);
update rota_core.run as r set run_at = 'epoch' where r.run_id = 2;
select pg_temp.work();
select is(
  (select r.state from rota.runs as r where r.run_id = 2), 'succeeded',
  'one that came early is not waited for'
);
select is(
  pg_temp.refusal($$select rota.signal(1, 'approved')$$),
  'RT001 run 1 has ended and takes no signal; '
  'See how: select * from rota.runs where run_id = 1;',
  'a run that has ended takes none'
);
select rota.cancel(3);
select throws_ok(
  $$select rota.signal(3, 'approved')$$, 'RT001', 'run 3 has ended and takes no signal',
  'nor does one that was cancelled before it began'
);

select * from finish();
rollback;
