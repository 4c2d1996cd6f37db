begin;
select plan(10);

-- given: four tasks and a role to run as
create schema app;
create role trial_runner nologin;
create function app.work(input jsonb) returns void language sql as '';
create function app.gone() returns void language sql as '';
revoke execute on function app.work(jsonb), app.gone() from public;
select rota.define_task('work', 'app.work');
select rota.define_task('gone', 'app.gone');
select rota.allow_run_as('trial_runner');
select rota.define_task('other', 'app.work', run_as => 'trial_runner');
select rota.define_task('outside', null, kind => 'external');

create function pg_temp.said(task text) returns text language sql as $$
  select concat_ws(' -> ', h.detail, h.hint)
  from rota_core.health_tasks() as h
  where h.check_name = 'task ' || said.task
$$;

-- who may call it
select function_privs_are(
  'rota_core', 'health_tasks', array[]::text[], 'rota_reader', array['EXECUTE'],
  'a reader may call it'
);

-- the deed
select is(
  pg_temp.said('work'),
  'rota_worker may not use schema app -> grant usage on schema app to rota_worker;',
  'the schema is out of reach'
);
grant usage on schema app to rota_worker;
select is(
  pg_temp.said('work'),
  'rota_worker may not execute app.work(jsonb)'
    ' -> grant execute on function app.work(jsonb) to rota_worker;',
  'the handler may not be executed'
);
grant execute on function app.work(jsonb), app.gone() to rota_worker;
select is(pg_temp.said('work'), null, 'what the hints say is enough');

select is(
  pg_temp.said('other'),
  'trial_runner may not use schema app -> grant usage on schema app to trial_runner;',
  'a task that runs as a role needs the rights of that role'
);
grant usage on schema app to trial_runner;
grant execute on function app.work(jsonb) to trial_runner;
select is(pg_temp.said('other'), null, 'and no others');

drop function rota_core.call_as_trial_runner(text, boolean, jsonb, jsonb);
select is(
  pg_temp.said('other'),
  'no task can run as trial_runner any longer -> select rota.allow_run_as(''trial_runner'');',
  'the way into the role is lost'
);

drop function app.gone();
select matches(
  pg_temp.said('gone'), '^its handler app.gone is gone', 'the handler is gone'
);
create function app.gone(input jsonb) returns void language sql as '';
select matches(
  pg_temp.said('gone'), '^its handler app.gone is gone or takes other arguments', 'or another'
);

select rota.drop_task('gone');
select rota.allow_run_as('trial_runner');
select results_eq(
  'select h.check_name, h.status, h.detail from rota_core.health_tasks() as h',
  $$values ('tasks', 'ok', '3 tasks')$$,
  'all is well again, the task that is done outside included'
);

select * from finish();
rollback;
