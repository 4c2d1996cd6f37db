begin;
select plan(13);

-- given: an administrator who belongs to one role and not to another; neither is allowed yet
create schema app;
grant usage on schema app to rota_worker;
create function app.tidy() returns void language sql as $$ select $$;
create role rota_test_jobs nologin;
create role rota_test_other nologin;
create role rota_test_admin nologin;
grant rota_admin to rota_test_admin;
grant rota_test_jobs to rota_test_admin;
grant usage on schema app to rota_test_jobs;

select is(test.callers('rota_core.check_run_as'), '{}', 'it is internal');

set local role rota_test_admin;

-- refusals
select is(
  test.refusal($$select rota.define_task('a', 'app.tidy', run_as => 'nobody_at_all')$$),
  '42704 role ''nobody_at_all'' does not exist; create role nobody_at_all nologin;',
  'a role that does not exist is refused'
);
select is(
  test.refusal($$select rota.define_task('a', 'app.tidy', run_as => 'x"; drop role y')$$),
  '42704 role ''x"; drop role y'' does not exist; create role "x""; drop role y" nologin;',
  'a hostile one too, and its hint is quoted'
);
select is(
  test.refusal($$select rota.define_task('a', 'app.tidy', run_as => 'rota_test_other')$$),
  '42501 rota_test_admin may not let a task run as rota_test_other; '
  'grant rota_test_other to rota_test_admin;',
  'a role that one does not belong to is refused'
);
select is(
  split_part(
    test.refusal($$select rota.define_task('a', 'app.tidy', run_as => 'rota_owner')$$), ';', 1
  ),
  '42501 rota_test_admin may not let a task run as rota_owner',
  'the engine''s own role is refused'
);
select is(
  test.refusal($$select rota.define_task('a', 'app.tidy', run_as => 'rota_test_jobs')$$),
  'RT006 no task can run as rota_test_jobs yet; As a member of rota_owner and of that role: '
  'select rota.allow_run_as(''rota_test_jobs'');',
  'a role that nobody has allowed yet is refused'
);
reset role;
select is(
  split_part(
    test.refusal($$select rota.define_task('a', 'app.tidy', run_as => 'rota_owner')$$), ';', 1
  ),
  '42501 no task can run as rota_owner',
  'the engine''s own role is refused even to a superuser'
);
select is_empty('select t.task from rota_core.task as t', 'after the refusals nothing is defined');
select is_empty(
  $$select p.proname from pg_proc as p
    where p.pronamespace = 'rota_core'::regnamespace and p.proname like 'call\_as\_%'$$,
  'and no trampoline made'
);

-- the deed
select lives_ok(
  $$select rota.define_task('as-jobs', 'app.tidy', run_as => 'rota_test_jobs')$$,
  'who belongs to rota_owner and to the role allows it by the way'
);
select results_eq(
  'select t.statement, t.returns_void, t.run_as from rota_core.task as t',
  $$values (
    'select rota_core.call_as_rota_test_jobs(''select app.tidy()'', ''t'', $1, $2)', false,
    'rota_test_jobs'
  )$$,
  'the handler is called through its trampoline'
);
set local role rota_test_admin;
select lives_ok(
  $$select rota.define_task('as-jobs', 'app.tidy', run_as => 'rota_test_jobs')$$,
  'then every administrator who belongs to the role may use it'
);
reset role;
create or replace function rota_core.call_as_rota_test_jobs(
  statement text, returns_void boolean, input jsonb, state jsonb, out output jsonb
) language plpgsql security invoker as $$ begin end; $$;
set local role rota_test_admin;
select throws_ok(
  $$select rota.define_task('as-jobs', 'app.tidy', run_as => 'rota_test_jobs')$$, 'RT006', null,
  'a trampoline that somebody has changed is none'
);

select * from finish();
rollback;
