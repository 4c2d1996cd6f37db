begin;
select plan(15);

-- given: a role that tasks shall run as, and a deployer who is no superuser
create role rota_test_jobs nologin;
create role rota_test_deployer nologin;
grant rota_owner to rota_test_deployer;
grant rota_admin to rota_test_deployer;
grant rota_test_jobs to rota_test_deployer;
create schema app;
grant usage on schema app to rota_test_jobs;
create table app.seen (who text);
grant insert on app.seen to rota_test_jobs;
create function app.note(input jsonb) returns jsonb
language sql as $$
  insert into app.seen (who) values (current_user) returning to_jsonb(current_user::text);
$$;
create function app.escape() returns jsonb
language plpgsql as $$
begin
  perform set_config('role', 'none', true);
  return to_jsonb(current_user::text);
end;
$$;

select is(
  test.callers('rota.allow_run_as'), '{rota_admin}',
  'an administrator may call it, who must be a deployer as well'
);

-- refusals
select is(
  test.refusal('select rota.allow_run_as(''nobody_at_all'')'),
  '42704 role ''nobody_at_all'' does not exist; create role nobody_at_all nologin;',
  'a role that does not exist is refused'
);
select is(
  test.refusal('select rota.allow_run_as(null)'),
  '42704 role NULL does not exist; create role name nologin;',
  'so is none'
);
select is(
  test.refusal('select rota.allow_run_as(''rota_owner'')'),
  '42501 no task can run as rota_owner; create role app_jobs nologin;',
  'nothing a user wrote runs with the engine''s rights'
);
set local role rota_admin;
select is(
  test.refusal('select rota.allow_run_as(''rota_test_jobs'')'),
  '42501 no task can run as rota_test_jobs yet; As a member of rota_owner and rota_test_jobs: '
  'select rota.allow_run_as(''rota_test_jobs'');',
  'an administrator who belongs to neither role is refused'
);
reset role;

-- the deed
set local role rota_test_deployer;
select lives_ok('select rota.allow_run_as(''rota_test_jobs'')', 'a deployer allows it');
select lives_ok('select rota.allow_run_as(''rota_test_jobs'')', 'twice is harmless');
select is(
  current_setting('role'), 'rota_test_deployer', 'the caller is who they were before'
);
reset role;
select results_eq(
  $$select
      p.proowner = 'rota_test_jobs'::regrole, p.prosecdef,
      has_function_privilege('rota_worker', p.oid, 'execute'),
      has_function_privilege('public', p.oid, 'execute'),
      has_function_privilege('rota_admin', p.oid, 'execute')
    from pg_proc as p where p.proname = 'call_as_rota_test_jobs'$$,
  'values (true, true, true, false, false)',
  'the trampoline belongs to the role, and the workers alone may call it'
);
select results_eq(
  $$select
      has_schema_privilege('rota_test_jobs', 'rota', 'usage'),
      has_function_privilege('rota_test_jobs', 'rota.log(text, text, jsonb)', 'execute'),
      has_schema_privilege('rota_test_jobs', 'rota_core', 'usage'),
      has_schema_privilege('rota_test_jobs', 'rota_core', 'create')$$,
  'values (true, true, false, false)',
  'the role may write log lines and nothing else'
);

set local role rota_worker;
select is(
  rota_core.call_as_rota_test_jobs('select app.note($1)', false, '{}', null),
  '"rota_test_jobs"', 'a worker calls the handler with the rights of the role'
);
select is(
  rota_core.call_as_rota_test_jobs('select app.note($1)', true, '{}', null),
  null, 'and without an answer where it has none'
);
select throws_like(
  $$select rota_core.call_as_rota_test_jobs('select app.escape()', false, '{}', null)$$,
  'cannot set parameter "role" within security-definer function',
  'the handler cannot become somebody else'
);
reset role;

-- what rota's own roles may do stays
select lives_ok(
  $$select rota.allow_run_as(r.role) from unnest('{rota_worker,rota_app,rota_monitor}'::text[])
    as r (role)$$,
  'tasks may run as one of rota''s other roles'
);
select results_eq(
  $$select
      has_schema_privilege('rota_worker', 'rota_core', 'usage'),
      has_schema_privilege('rota_app', 'rota_core', 'usage'),
      has_schema_privilege('rota_monitor', 'rota_core', 'usage'),
      has_schema_privilege('rota_worker', 'rota_core', 'create')$$,
  'values (true, true, false, false)',
  'which keeps the rights it had in rota_core, and gets no other'
);

select * from finish();
rollback;
