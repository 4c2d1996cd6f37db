begin;
select plan(17);

-- given: a still clock and handlers
select test.set_clock('2026-01-01 12:00+00');
create schema app;
grant usage on schema app to rota_worker;
create function app.nightly(input jsonb) returns jsonb language sql as $$ select input $$;
create function app.tidy() returns void language sql as $$ select $$;
create function app.archive(input jsonb, state jsonb) returns jsonb
language sql as $$ select '{"done": true}'::jsonb $$;

-- who may call it
select is(
  test.callers('rota.define_task'), '{rota_admin}',
  'an administrator may define a task, and nobody else'
);
set local role rota_app;
select throws_ok(
  $$select rota.define_task('a', 'app.nightly')$$, '42501', null,
  'an application is refused'
);

set local role rota_admin;

-- refusals: more of them stand with check_name, check_policy, check_run_as and resolve_handler
select throws_ok(
  $$select rota.define_task('x; drop table users', 'app.nightly', lane => 'new')$$, '22023',
  'task name ''x; drop table users'' is not usable',
  'a name that is two statements is refused'
);
select throws_ok(
  $$select rota.define_task('a', 'app.nightly', lane => 'a "lane"')$$, '22023',
  'lane name ''a "lane"'' is not usable',
  'so is such a lane'
);
select throws_ok(
  $$select rota.define_task('a', 'app.nowhere', lane => 'new')$$, '42704',
  'handler app.nowhere does not exist',
  'a handler that does not exist is refused'
);
select throws_ok(
  $$select rota.define_task('a', 'app.archive', lane => 'new')$$, '22023',
  'handler app.archive has another shape than a call task needs',
  'a handler of another shape is refused'
);
select throws_ok(
  $$select rota.define_task('a', 'app.nightly', max_attempts => -1, lane => 'new')$$, '22023',
  'max_attempts must be 1 to 1000, not -1',
  'negative attempts are refused'
);
select throws_ok(
  $$select rota.define_task('a', 'app.nightly', callers => '{nobody_at_all}')$$, '42704',
  'callers names roles that do not exist: ''nobody_at_all''',
  'callers that are no roles are refused'
);
reset role;
select is_empty(
  $$select t.task from rota_core.task as t
    union all
    select l.lane from rota_core.lane as l where l.lane = 'new'$$,
  'after the refusals nothing is defined'
);

-- the deed
set local role rota_admin;
select is(
  rota.define_task(
    'nightly', 'app.nightly', lane => 'batch', priority => 5, max_attempts => 9,
    doc => '{"redact": ["input.password"]}'
  ),
  'nightly',
  'it returns the name'
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
  $$select
      t.task, t.handler, t.kind, t.takes, t.statement, t.lane, t.max_attempts, t.redact::text,
      t.defined_at, t.defined_by = 'rota_admin'
    from rota_core.task as t
    order by t.task$$,
  $$values
    ('archive', 'app.archive', 'chunked', 'input_state', 'select app.archive($1, $2)', 'default',
      3, '{}', timestamptz '2026-01-01 12:00+00', true),
    ('http', null, 'external', 'nothing', null, 'default',
      3, '{}', timestamptz '2026-01-01 12:00+00', true),
    ('nightly', 'app.nightly', 'call', 'input', 'select app.nightly($1)', 'batch',
      9, '{input.password}', timestamptz '2026-01-01 12:00+00', true)$$,
  'the definitions are kept'
);
select results_eq(
  $$select l.workers from rota_core.lane as l where l.lane = 'batch'$$, 'values (1)',
  'a lane that is named first is made with one worker'
);

-- and again
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
  'select r.lane, r.limited from rota_core.run as r',
  $$values ('default', true)$$,
  'queued runs follow the task to its new lane and limit'
);

select * from finish();
rollback;
