begin;
select plan(7);

-- given: a still clock and a task
create or replace function rota_core.wall_clock() returns timestamptz
language sql as $$ select timestamptz '2026-01-01 12:00:30+00' $$;
create function public.work(input jsonb) returns void language sql as 'select';
do $$ begin perform rota.define_task('work', 'public.work'); end $$;

do $$ begin
  perform rota.define_schedule('due', '* * * * *', 'work', input => '{"a": 1}');
  perform rota.define_schedule('later', '*/5 * * * *', 'work');
end $$;

-- who may call it
select results_eq(
  $$select r.role
    from unnest('{public,rota_admin,rota_app,rota_monitor,rota_reader,rota_worker}'::text[])
      as r (role)
    where has_function_privilege(r.role, 'rota_core.fire_due(text)', 'execute')$$,
  array['rota_worker'],
  'a worker may call it, nobody else'
);

-- the deed
set local role rota_worker;
select is(rota_core.fire_due(), 0, 'nothing is due yet');
reset role;
create or replace function rota_core.wall_clock() returns timestamptz
language sql as $$ select timestamptz '2026-01-01 12:01:01+00' $$;
set local role rota_worker;

select is(rota_core.fire_due('later'), 0, 'a doorbell rings for its own schedule only');
select is(rota_core.fire_due(), 1, 'one schedule is due');
select is(rota_core.fire_due(), 0, 'once');
reset role;

select results_eq(
  'select s.schedule, s.slot, s.outcome, s.fired_at, s.fired_by from rota.slots as s',
  $$values (
    'due', timestamptz '2026-01-01 12:01+00', 'started', timestamptz '2026-01-01 12:01:01+00',
    'supervisor'
  )$$,
  'the slot is recorded'
);
select results_eq(
  'select r.task, r.input from rota.runs as r join rota.slots as s on s.run_id = r.run_id',
  $$values ('work', '{"a": 1}'::jsonb)$$,
  'and its run started'
);

select * from finish();
rollback;
