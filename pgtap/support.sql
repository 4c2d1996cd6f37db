-- What the tests of the engine share: it is loaded once, before the first of them. Those of the
-- recipes stand alone, as a user's do.
create schema test;
grant usage on schema test to public;

-- 'done', or what a user is told: with the hint, or with the detail.
create function test.refusal(statement text, part text default 'hint') returns text
language plpgsql as $$
declare
  v_hint text;
  v_detail text;
begin
  execute statement;
  return 'done';
exception when others then
  get stacked diagnostics v_hint = pg_exception_hint, v_detail = pg_exception_detail;
  return format(
    '%s %s; %s', sqlstate, sqlerrm, case part when 'detail' then v_detail else v_hint end
  );
end;
$$;

create function test.callers(name regproc) returns text[]
language sql as $$
  select array(
    select r.role
    from unnest('{public,rota_admin,rota_app,rota_monitor,rota_reader,rota_worker}'::text[])
      as r (role)
    where has_function_privilege(r.role, callers.name, 'execute')
  )
$$;

create function test.health(check_name text) returns text
language sql as $$
  select concat_ws(': ', h.status, h.detail) from rota.health as h
  where h.check_name = health.check_name
$$;

-- The clock stands still until it is set again, by whichever role, or time passes.
create function test.set_clock(at timestamptz) returns void
language plpgsql security definer as $$
begin
  create or replace function rota_core.wall_clock() returns timestamptz
  language sql as 'select current_setting(''test.clock'')::timestamptz';
  perform set_config('test.clock', set_clock.at::text, true);
end;
$$;

create function test.pass(length interval) returns void
language sql as $$ select test.set_clock(rota_core.wall_clock() + length) $$;

-- handlers
create function test.f() returns void language sql as $$ select $$;
create function test.echo(input jsonb) returns jsonb language sql as $$ select input $$;
create function test.fails(input jsonb) returns jsonb
language plpgsql as $$ begin raise exception 'no paper'; end; $$;

create function test.make_workers() returns void
language sql as $$
  insert into rota_core.worker (worker_id, kind, lane, pid, role, started_at, seen_at)
  overriding system value
  values
    (-1, 'worker', 'default', 1, 'rota_worker', 'epoch', 'epoch'),
    (-2, 'worker', 'default', 2, 'rota_worker', 'epoch', 'epoch')
$$;

create function test.queued(run_id bigint, task text, run_at text, priority int default 0)
returns void language sql as $$
  insert into rota_core.run (
    run_id, task, lane, run_at, priority, limited, created_at, created_by
  )
  overriding system value
  select queued.run_id, t.task, t.lane, queued.run_at::timestamptz, queued.priority,
    rota_core.is_limited(t), 'epoch', 'rota_app'
  from rota_core.task as t where t.task = queued.task
$$;

create function test.running(run_id bigint, task text, worker_id int default -1)
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

create function test.outcome(
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

-- A worker without a session: it does what is due, and what that starts, in this transaction.
create function test.work() returns void
language plpgsql as $$
declare
  v_run rota_core.run;
  v_task rota_core.task;
  v_answer jsonb;
  v_error jsonb;
begin
  loop
    update rota_core.run as r
    set state = 'running', worker_id = 1, attempt = r.attempt + 1
    where r.run_id = (
      select min(q.run_id) from rota_core.run as q
      where q.state = 'queued' and q.run_at <= rota_core.wall_clock()
    )
    returning r.* into v_run;
    exit when not found;
    select t.* into v_task from rota_core.task as t where t.task = v_run.task;
    if v_task.kind = 'pipeline' then
      perform rota_core.begin_pipelines(1, array[
        row(v_run.run_id, v_run.task, v_run.attempt, 'pipeline', null, null, null,
          null)::rota_core.claim_item
      ]);
      continue;
    end if;
    v_error := null;
    begin
      execute v_task.statement into v_answer using v_run.input, v_run.checkpoint;
    exception when others then
      v_error := rota_core.error_json(sqlstate, sqlerrm, '', '', '');
    end;
    perform rota_core.record_outcomes(1, array[
      row(v_run.run_id, v_run.task, v_run.attempt, v_answer, v_error, rota_core.wall_clock(),
        rota_core.wall_clock())::rota_core.outcome
    ], v_error is not null, '{}');
  end loop;
end;
$$;
