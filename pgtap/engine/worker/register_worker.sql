begin;
select plan(12);

-- given: a still clock, two workers, and a way to have one of them run something
create or replace function rota_core.wall_clock() returns timestamptz
language sql as $$ select timestamptz '2026-01-01 12:00+00' $$;

create schema app;
grant usage on schema app to rota_worker;
create function app.f() returns void language sql as $$ select $$;
insert into rota_core.worker (worker_id, kind, lane, pid, role, started_at, seen_at)
overriding system value
values
  (-1, 'worker', 'default', 1, 'rota_worker', 'epoch', 'epoch'),
  (-2, 'worker', 'default', 2, 'rota_worker', 'epoch', 'epoch');

create function pg_temp.running(run_id bigint, task text, worker_id int default -1)
returns void language sql as $$
  insert into rota_core.run (
    run_id, task, lane, state, worker_id, attempt, run_at, claimed_at, started_at, created_at,
    created_by
  )
  overriding system value
  values (
    run_id, task, 'default', 'running', worker_id, 1, 'epoch', 'epoch', 'epoch', 'epoch', 'rota_app'
  )
$$;
create function pg_temp.outcome(
  run_id bigint, output jsonb default null, error text default null, attempt int default 1
)
returns rota_core.outcome language sql as $$
  select row(
    r.run_id, r.task, outcome.attempt, outcome.output,
    case when outcome.error is not null then jsonb_build_object(
      'sqlstate', split_part(outcome.error, ' ', 1), 'message', outcome.error
    ) end,
    timestamptz '2026-01-01 11:59:58+00', timestamptz '2026-01-01 12:00+00'
  )::rota_core.outcome
  from rota_core.run as r where r.run_id = outcome.run_id
$$;

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

select results_eq(
  $$select r.role
    from unnest('{public,rota_admin,rota_app,rota_monitor,rota_reader,rota_worker}'::text[])
      as r (role)
    where has_function_privilege(r.role, 'rota_core.register_worker'::regproc, 'execute')$$,
  $$values ('rota_worker')$$,
  'workers register, and nobody else'
);

set local role rota_worker;

-- refusals
select is(
  pg_temp.refusal('select rota_core.register_worker(''worker'', ''nowhere'', null)'),
  '42704 lane ''nowhere'' does not exist; select rota.define_lane(''nowhere'');',
  'an unknown lane is refused'
);
select is(
  pg_temp.refusal('select rota_core.register_worker(''worker'', null, null)'),
  '42704 lane NULL does not exist; select rota.define_lane(NULL);', 'so is none'
);

-- the deed
create temp table id as
select rota_core.register_worker('worker', 'default', '2026-01-01 11:00+00') as worker_id;
reset role;
select results_eq(
  $$select w.kind, w.lane, w.pid = pg_backend_pid(), w.backend_start, w.role = 'rota_worker',
      w.started_at, w.seen_at, w.ended_at
    from rota_core.worker as w join id using (worker_id)$$,
  $$values ('worker', 'default', true, timestamptz '2026-01-01 11:00+00', true,
    timestamptz '2026-01-01 12:00+00', timestamptz '2026-01-01 12:00+00', null::timestamptz)$$,
  'a worker is on record'
);
select isnt(
  rota_core.register_worker('supervisor', null, null), null, 'a supervisor needs no lane'
);
select is(
  (select w.outcome from rota_core.worker as w, id where w.worker_id = id.worker_id), 'lost',
  'whoever comes next on the same backend declares the one before lost'
);
select is(
  (select w.outcome from rota_core.worker as w where w.worker_id = -1), null, 'and nobody else'
);

-- signs of life
select is(rota_core.see_worker(-1), true, 'a worker that is there may stay');
select throws_ok(
  format('select rota_core.see_worker(%s)', id.worker_id), 'RT003',
  format('worker %s was declared lost', id.worker_id), 'one that is lost may not'
)
from id;
insert into rota_core.setting (name, value) values ('draining', '2026-01-01 12:01+00')
on conflict (name) do update set value = excluded.value;
select is(rota_core.see_worker(-1), false, 'during an upgrade it is asked to leave');
select is(
  rota_core.register_worker('worker', 'default', null), null, 'and no other registers'
);
update rota_core.setting set value = '2026-01-01 11:59+00' where name = 'draining';
select isnt(
  rota_core.register_worker('worker', 'default', null), null,
  'an upgrade that died is over at its time'
);

select * from finish();
rollback;
