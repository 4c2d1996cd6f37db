begin;
select plan(7);

-- given: a still clock, a task with a secret in its log, and a session in an attempt
select test.set_clock('2026-01-01 12:00+00');
select rota.define_task('login', 'test.f', doc => '{"redact": ["log.token"]}');
select set_config('rota.attempt',
  '5 1 ' || pg_stat_get_xact_numscans('rota_core.log_mark'::regclass), true);

select is(
  test.callers('rota_core.collect_log'), '{rota_worker}',
  'a worker collects what its attempts left, and nobody else'
);

set local role rota_worker;
select count(rota.log('info', 'line ' || n.n, jsonb_build_object('token', 's3cret', 'n', n.n)))
from generate_series(1, 12) as n (n);
select rota.log('warn', 'last', '{"component": "mailer"}');
select lives_ok($$select rota_core.collect_log(5, 'login', 1, 13)$$, 'a worker collects');
reset role;

select results_eq(
  $$select l.message from rota.logs as l order by l.log_id$$,
  $$select 'line ' || n from generate_series(1, 12) as n union all select 'last'$$,
  'the lines stand in the log in their order'
);
select results_eq(
  $$select distinct l.at, l.level, l.component, l.run_id, l.task, l.attempt from rota.logs as l
    order by l.level$$,
  $$values
    (timestamptz '2026-01-01 12:00+00', 'info', 'login', 5::bigint, 'login', 1),
    (timestamptz '2026-01-01 12:00+00', 'warn', 'mailer', 5, 'login', 1)$$,
  'with run, task and attempt; the component is the task unless the context names one'
);
select is(
  (select l.context from rota.logs as l where l.message = 'line 7'),
  '{"n": 7, "token": "[redacted]"}', 'without what the task redacts'
);
select is_empty(
  $$select from pg_prepared_statements as p where p.name like 'rota\_log\_%'$$,
  'nothing is left in the session'
);

-- lines that are missing
delete from rota_core.log;
set local role rota_worker;
select rota_core.collect_log(6, 'login', 2, 0);
select rota_core.collect_log(6, 'login', 2, 7);
reset role;
select results_eq(
  $$select l.level, l.component, l.message, l.context, l.run_id, l.attempt from rota.logs as l$$,
  $$values ('warn', 'rota', '7 log lines of this attempt were lost',
    '{"kept": 0, "written": 7}'::jsonb, 6::bigint, 2)$$,
  'lines that were written and are not there any more are reported by number'
);

select * from finish();
rollback;
