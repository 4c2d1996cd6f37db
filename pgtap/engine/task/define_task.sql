begin;
select plan(44);

-- given: a still clock, handlers, an administrator who belongs to one role and not to another
create or replace function rota_core.wall_clock() returns timestamptz
language sql as $$ select timestamptz '2026-01-01 12:00+00' $$;

create schema app;
grant usage on schema app to rota_worker;
create function app.nightly(input jsonb) returns jsonb language sql as $$ select input $$;
create function app.tidy() returns void language sql as $$ select $$;
create function app.archive(input jsonb, state jsonb) returns jsonb
language sql as $$ select '{"done": true}'::jsonb $$;
create role rota_test_jobs nologin;
create role rota_test_other nologin;
create role rota_test_admin nologin;
grant rota_admin, rota_test_jobs to rota_test_admin;

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
create function pg_temp.define(arguments text) returns text
language sql as $$
  select pg_temp.refusal(format('select rota.define_task(''a'', ''app.nightly'', %s)', arguments));
$$;

-- who may call it
select results_eq(
  $$select r.role
    from unnest('{public,rota_admin,rota_app,rota_monitor,rota_reader,rota_worker}'::text[])
      as r (role)
    where has_function_privilege(r.role, 'rota.define_task'::regproc, 'execute')$$,
  $$values ('rota_admin')$$,
  'an administrator may define a task, and nobody else'
);
set local role rota_app;
select throws_ok(
  $$select rota.define_task('a', 'app.nightly')$$, '42501', null,
  'an application is refused'
);
reset role;

set local role rota_test_admin;

-- refusals
select is(
  pg_temp.refusal($$select rota.define_task(null, 'app.nightly')$$),
  '22023 task name null is not usable; Use 1 to 63 letters, digits, and _ - . : /, '
  'such as send-report.',
  'a task needs a name'
);
select is(
  left(pg_temp.refusal(format('select rota.define_task(%L, ''app.nightly'')', n.name)), 15),
  '22023 task name', format('a name that is %s is refused', n.what)
)
from (values
  ('empty', ''),
  ('200 characters long', repeat('x', 200)),
  ('64 characters long', repeat('x', 64)),
  ('two statements', 'x; drop table users'),
  ('quoted', 'it''s "x"'),
  ('full of spaces', 'send report'),
  ('on two lines', e'send\nreport'),
  ('only a sign', '-')
) as n (what, name);
select is(
  pg_temp.refusal($$select rota.define_task('a', 'app.nowhere')$$),
  '42704 handler app.nowhere does not exist; '
  'Create the function first, or say which kind it is: kind => ''chunked''.',
  'a handler that does not exist is refused'
);
select is(
  pg_temp.refusal($$select rota.define_task('a', 'app.archive')$$),
  '22023 handler app.archive has another shape than a call task needs; '
  'Create the function first, or say which kind it is: kind => ''chunked''.',
  'a handler of another shape is refused'
);
select is(
  pg_temp.refusal($$select rota.define_task('a', null)$$),
  '22023 handler NULL does not name a function; '
  'Write schema and name, such as handler => ''app.nightly''.',
  'a task without a handler is refused'
);
select is(
  split_part(pg_temp.define(w.arguments), ';', 1), '22023 ' || w.message,
  format('refused: %s', w.arguments)
)
from (values
  ($$kind => 'cron'$$, 'kind ''cron'' is unknown: use call, chunked, batch or external'),
  ($$timeout => '0'$$, 'timeout must be longer than zero'),
  ($$max_attempts => -1$$, 'max_attempts must be 1 to 1000, not -1'),
  ($$initial_delay => '-1 s'$$, 'initial_delay must not be negative'),
  ($$max_delay => null$$, 'max_delay must not be negative'),
  ($$backoff_factor => 0.5$$, 'backoff_factor must be 1 to 1000'),
  ($$jitter => 1.5$$, 'jitter must be 0 to 1'),
  ($$concurrency => 0$$, 'concurrency must be at least 1, not 0'),
  ($$doc => '[]'$$, 'doc must be a JSON object'),
  ($$doc => '{"redact": "input.x"}'$$,
    'doc.redact must be an array of paths such as "input.password"'),
  ($$doc => '{"redact": ["password"]}'$$,
    'each path in doc.redact begins with input, output, error or log'),
  ($$rate_limit => 'often'$$, 'rate limit ''often'' is not understood'),
  ($$retry_on => '{/(/}'$$, 'retry_on entry /(/ is not a valid regular expression'),
  ($$lane => 'a lane'$$, 'lane name ''a lane'' is not usable')
) as w (arguments, message);
select is(
  pg_temp.define($$callers => '{nobody_at_all}'$$),
  '42704 callers names roles that do not exist: ''nobody_at_all''; '
  'List the roles with: select rolname from pg_roles;',
  'callers that are no roles are refused'
);
select is(
  pg_temp.define($$run_as => 'nobody_at_all'$$),
  '42704 role ''nobody_at_all'' does not exist; create role nobody_at_all nologin;',
  'a role to run as that does not exist is refused'
);
select is(
  pg_temp.define($$run_as => 'rota_test_other'$$),
  '42501 rota_test_admin may not let a task run as rota_test_other; '
  'grant rota_test_other to rota_test_admin;',
  'a role that one does not belong to is refused'
);
select is(
  split_part(pg_temp.define($$run_as => 'rota_owner'$$), ';', 1),
  '42501 rota_test_admin may not let a task run as rota_owner',
  'the engine''s own role is refused'
);
select is(
  pg_temp.define($$run_as => 'rota_test_jobs'$$),
  'RT006 no task can run as rota_test_jobs yet; As a member of rota_owner and of that role: '
  'select rota.allow_run_as(''rota_test_jobs'');',
  'a role that nobody has allowed yet is refused'
);
reset role;
select is_empty(
  $$select t.task from rota_core.task as t union all
    select l.lane from rota_core.lane as l where l.lane <> 'default'$$,
  'after the refusals nothing is defined'
);

-- the deed
set local role rota_admin;
select is(
  rota.define_task('nightly', 'app.nightly', lane => 'batch', priority => 5, max_attempts => 9,
    doc => '{"redact": ["input.password"]}', tags => '{a}'),
  'nightly', 'it returns the name'
);
select lives_ok(
  $$select rota.define_task('archive', 'App.Archive(jsonb, jsonb)', kind => 'chunked')$$,
  'a handler is folded like any name, and may be written with its arguments'
);
select lives_ok(
  $$select rota.define_task('http', null, kind => 'external')$$,
  'a task that is done outside has no handler'
);
reset role;
select results_eq(
  $$select t.task, t.handler, t.kind, t.takes, t.statement, t.lane, t.max_attempts,
      t.redact::text, t.defined_at, t.defined_by = 'rota_admin'
    from rota_core.task as t order by t.task$$,
  $$values
    ('archive', 'app.archive', 'chunked', 'input_state', 'select app.archive($1, $2)', 'default',
      3, '{}', timestamptz '2026-01-01 12:00+00', true),
    ('http', null, 'external', 'nothing', null, 'default',
      3, '{}', timestamptz '2026-01-01 12:00+00', true),
    ('nightly', 'app.nightly', 'call', 'input', 'select app.nightly($1)', 'batch',
      9, '{input.password}', timestamptz '2026-01-01 12:00+00', true)$$,
  'definitions are kept'
);
select results_eq(
  $$select l.workers from rota_core.lane as l where l.lane = 'batch'$$, 'values (1)',
  'a lane that is named first is made with one worker'
);

-- redefining
select rota.pause('task', 'nightly');
select rota.start('nightly');
select rota.define_task('nightly', 'app.tidy', concurrency => 2);
select results_eq(
  $$select t.max_attempts, t.priority, t.lane, t.redact::text, t.returns_void
    from rota_core.task as t where t.task = 'nightly'$$,
  $$values (3, 0, 'default', '{}', true)$$,
  'an argument left out takes its default again'
);
select isnt_empty(
  $$select from rota_core.pause as p where p.kind = 'task' and p.name = 'nightly'$$,
  'a pause survives'
);
select results_eq(
  $$select r.lane, r.limited from rota_core.run as r$$,
  $$values ('default', true)$$,
  'queued runs follow the task to its new lane and limit'
);

-- run_as
select lives_ok(
  $$select rota.define_task('as-jobs', 'app.tidy', run_as => 'rota_test_jobs')$$,
  'who belongs to rota_owner and to the role makes its trampoline by the way'
);
select results_eq(
  $$select p.proowner::regrole::text, p.prosecdef, t.statement, t.returns_void
    from rota_core.task as t, pg_proc as p
    where t.task = 'as-jobs' and p.proname = 'call_as_rota_test_jobs'$$,
  $$values ('rota_test_jobs', true,
    'select rota_core.call_as_rota_test_jobs(''select app.tidy()'', ''t'', $1, $2)', false)$$,
  'and its handler is called through it'
);
set local role rota_test_admin;
select lives_ok(
  $$select rota.define_task('as-jobs', 'app.nightly', run_as => 'rota_test_jobs')$$,
  'then every administrator who belongs to the role may use it'
);
reset role;

select * from finish();
rollback;
