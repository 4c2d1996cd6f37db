begin;
select plan(9);

-- given: a still clock, and an external run that worker 1 has in its second attempt
select test.set_clock('2026-01-01 12:00+00');
select rota.define_task('pay', null, kind => 'external');
update rota_core.task set redact = '{log.card}' where task = 'pay';
insert into rota_core.worker (worker_id, kind, lane, pid, role, started_at, seen_at)
overriding system value
values (1, 'external', 'default', 1, 'rota_worker', now(), now());
insert into rota_core.run (
  run_id, task, lane, state, run_at, attempt, worker_id, created_at, created_by
)
overriding system value
values (5, 'pay', 'default', 'running', now(), 2, 1, now(), 'postgres');

-- who may call it
select function_privs_are(
  'rota_core', 'log_external', array['integer', 'bigint', 'integer', 'text', 'text', 'jsonb'],
  'rota_worker', array['EXECUTE'], 'a worker may'
);
select function_privs_are(
  'rota_core', 'log_external', array['integer', 'bigint', 'integer', 'text', 'text', 'jsonb'],
  'rota_app', array[]::text[], 'an application may not'
);

set local role rota_worker;

-- the deed
select ok(
  rota_core.log_external(1, 5, 2, 'info', 'charging', '{"card": "4111", "order": 1}'),
  'the worker that has the run may write'
);
select ok(
  rota_core.log_external(1, 5, 2, 'warn', 'slow', '{"component": "gateway"}'), 'and again'
);

-- the fence
select ok(
  not rota_core.log_external(2, 5, 2, 'info', 'x', '{}'), 'another worker may not'
);
select ok(
  not rota_core.log_external(1, 5, 1, 'info', 'x', '{}'), 'nor an earlier attempt'
);
select ok(
  not rota_core.log_external(1, 6, 1, 'info', 'x', '{}'), 'nor for a run that is not there'
);

reset role;
select results_eq(
  'select l.at, l.level, l.message, l.context, l.component, l.run_id, l.task, l.attempt
   from rota_core.log as l order by l.log_id',
  $$values
    (timestamptz '2026-01-01 12:00+00', 'info', 'charging',
      '{"card": "[redacted]", "order": 1}'::jsonb, 'pay', 5::bigint, 'pay', 2),
    (timestamptz '2026-01-01 12:00+00', 'warn', 'slow',
      '{"component": "gateway"}'::jsonb, 'gateway', 5::bigint, 'pay', 2)$$,
  'the lines carry run, task, attempt and component, with redacted paths hidden'
);

insert into rota_core.log (at, level, message, context, run_id, attempt)
select now(), 'info', 'filler', '{}', 5, 2 from generate_series(1, 998);
select ok(
  not rota_core.log_external(1, 5, 2, 'info', 'one too many', '{}'),
  'an attempt has at most 1,000 lines'
);

select * from finish();
rollback;
