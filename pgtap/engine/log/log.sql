begin;
select plan(16);

-- given: a still clock
select test.set_clock('2026-01-01 12:00+00');

select is(
  test.callers('rota.log'), '{rota_admin,rota_app,rota_worker}',
  'applications, administrators and handlers may log, and nobody else'
);

-- a plain line
set local role rota_app;
select lives_ok(
  $$select rota.log('warn', 'disk is filling', '{"component": "storage", "percent": 81}')$$,
  'an application logs'
);
select lives_ok($$select rota.log('INFO', 'hello')$$, 'levels are understood in capitals too');
reset role;
select results_eq(
  $$select l.at, l.level, l.component, l.message, l.context, l.run_id, l.task, l.attempt
    from rota.logs as l order by l.log_id$$,
  $$values
    (timestamptz '2026-01-01 12:00+00', 'warn', 'storage', 'disk is filling',
      '{"component": "storage", "percent": 81}'::jsonb, null::bigint, null, null::int),
    ('2026-01-01 12:00+00', 'info', null, 'hello', '{}', null, null, null)$$,
  'the lines are there'
);

-- a log line never fails the work
delete from rota_core.log;
select lives_ok(c.call, format('lives: %s', left(c.call, 60)))
from (
  values
  ($$select rota.log('fatal', 'x')$$),
  ($$select rota.log(null, 'x')$$),
  ($$select rota.log('info', null)$$),
  ($$select rota.log('info', 'x', null)$$),
  ($$select rota.log('info', 'x', '[1]')$$),
  ($$select rota.log('info', 'x', '"text"')$$),
  ($$select rota.log('info', repeat('é', 100000))$$),
  ($$select rota.log('info', e'it''s "quoted"; \n and \\ more')$$),
  ($$select set_config('rota.attempt', 'junk', true), rota.log('info', 'x')$$),
  ($$select set_config('rota.attempt', '', true), rota.log('info', 'x')$$)
) as c (call);
select results_eq(
  'select l.level, length(l.message), l.context from rota.logs as l order by l.log_id',
  $$values
    ('info', 1, '{"level": "fatal"}'::jsonb),
    ('info', 1, '{"level": null}'),
    ('info', 0, '{}'),
    ('info', 1, '{}'),
    ('info', 1, '{"context": [1]}'),
    ('info', 1, '{"context": "text"}'),
    ('info', 65536, '{}'),
    ('info', 27, '{}'),
    ('info', 1, '{}'),
    ('info', 1, '{}')$$,
  'what does not fit is kept as far as it goes'
);

-- where it cannot be kept
create function pg_temp.log_read_only() returns void
language plpgsql as $$
begin
  set local transaction_read_only = on;
  perform rota.log('info', 'unseen');
  raise exception 'undo it' using errcode = 'ZZ999';
end;
$$;
set local client_min_messages = error;
select throws_ok(
  'select pg_temp.log_read_only()', 'ZZ999', 'undo it',
  'in a read-only transaction it is a warning, not an error'
);

select * from finish();
rollback;
