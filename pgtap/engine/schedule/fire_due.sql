begin;
select plan(7);

-- given: a still clock and a task
select test.set_clock('2026-01-01 12:00:30+00');
do $$ begin perform rota.define_task('work', 'test.f'); end $$;

do $$ begin
  perform rota.define_schedule('due', '* * * * *', 'work', input => '{"a": 1}');
  perform rota.define_schedule('later', '*/5 * * * *', 'work');
end $$;

-- who may call it
select is(test.callers('rota_core.fire_due'), '{rota_worker}', 'a worker may call it, nobody else');

-- the deed
set local role rota_worker;
select is(rota_core.fire_due(), 0, 'nothing is due yet');
reset role;
select test.set_clock('2026-01-01 12:01:01+00');
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
