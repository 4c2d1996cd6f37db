begin;
select plan(11);

-- given: a task whose password and token are nobody's business; a run of it fails, one succeeds,
-- one is cancelled, all with a secret everywhere
select rota.define_task('login', 'test.echo', doc => '{
  "redact": ["input.password", "output.token", "error.message", "log.token"]}');
create temp table run as
select m.run_id, row_number() over (order by m.run_id) as n
from rota.start_many('login', array_fill('{"password": "s3cret", "id": 1}'::jsonb, '{3}')) as m
  (run_id);
grant select on run to public;
insert into rota_core.worker (kind, lane, pid, role, started_at, seen_at)
values ('worker', 'default', 1, 'rota_worker', 'epoch', 'epoch');
update rota_core.run as r
set state = 'running', worker_id = w.worker_id, attempt = 1, checkpoint = '{"at": "s3cret"}'
from rota_core.worker as w
where w.pid = 1 and w.started_at = 'epoch';

create function pg_temp.outcome(n bigint, output jsonb, error jsonb)
returns rota_core.outcome language sql as $$
  select row(
    r.run_id, 'login', 1, outcome.output, outcome.error, 'epoch', 'epoch'
  )::rota_core.outcome
  from pg_temp.run as r where r.n = outcome.n
$$;
update rota_core.task set max_attempts = 1;
update rota_core.run set stop_reason = 'cancel' where run_id = (select run_id from run where n = 3);
select rota_core.record_outcomes(w.worker_id, array[
  pg_temp.outcome(1, '{"token": "s3cret", "n": 2}', null),
  pg_temp.outcome(2, null, '{"sqlstate": "P0001", "message": "bad s3cret"}'),
  pg_temp.outcome(3, null, '{"sqlstate": "57014", "message": "bad s3cret"}')
], true, '{}')
from rota_core.worker as w where w.pid = 1 and w.started_at = 'epoch';

select is(test.callers('rota_core.redact_task'), '{}', 'it is internal');

-- what can be seen
set local role rota_reader;
select results_eq(
  $$select r.state, r.input ->> 'password', r.output, r.error ->> 'message'
    from rota.runs as r order by r.run_id$$,
  $$values
    ('succeeded', '[redacted]', '{"token": "[redacted]", "n": 2}'::jsonb, null),
    ('failed', '[redacted]', null, '[redacted]'),
    ('cancelled', '[redacted]', null, '[redacted]')$$,
  'the view of runs shows none of it'
);
select is_empty(
  $$select from rota.attempts as a where a::text like '%s3cret%'$$, 'nor does that of attempts'
);
set local role rota_admin;
select is_empty(
  $$select from pg_temp.run as r where rota.get_run(r.run_id)::text like '%s3cret%'$$,
  'nor get_run'
);
reset role;

-- what is kept
select results_eq(
  $$select f.state, f.input ->> 'password', f.redacted
    from rota_core.finished_run as f order by f.run_id$$,
  $$values
    ('succeeded', '[redacted]', true), ('failed', 's3cret', false),
    ('cancelled', 's3cret', false)$$,
  'history forgets it after a success; what may be retried keeps its input'
);
select is_empty(
  $$select from rota_core.finished_run as f
    where f.state = 'succeeded' and f::text like '%s3cret%'$$,
  'nothing is left of the secret after a success'
);
select is(
  (select rota.retry(r.run_id) from run as r where r.n = 3), 'queued', 'a cancelled run is retried'
);
select results_eq(
  'select r.input ->> ''password'' from rota_core.run as r', $$values ('s3cret')$$,
  'with the input it had'
);

-- before the task goes
select rota_core.finish_runs(array(select r.run_id from run as r), 'queued', 'cancelled');
select rota_core.redact_task('login');
select is_empty(
  $$select f.run_id from rota_core.finished_run as f where f::text like '%s3cret%'
    union all
    select a.run_id from rota_core.attempt as a where a::text like '%s3cret%'$$,
  'nothing is left of it anywhere'
);
select results_eq(
  'select f.input ->> ''id'', f.error ->> ''sqlstate'' from rota_core.finished_run as f
   order by f.run_id',
  $$values ('1', null), ('1', 'P0001'), ('1', '57014')$$,
  'of the rest all'
);
select throws_ok(
  format('select rota.retry(%s)', r.run_id), 'RT001',
  format('run %s is erased and cannot be retried', r.run_id),
  'without its input no run is retried'
)
from run as r where r.n = 2;

select * from finish();
rollback;
