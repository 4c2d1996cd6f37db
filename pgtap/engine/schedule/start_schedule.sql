begin;
select plan(6);

-- given: a still clock and a task
select test.set_clock('2026-01-01 12:00:30+00');
do $$ begin perform rota.define_task('work', 'test.f'); end $$;

-- who may call it
select is(
  test.callers('rota.start_schedule'), '{rota_admin}', 'an administrator may call it, nobody else'
);

set local role rota_admin;
do $$ begin
  perform rota.define_schedule('job', '@daily', 'work', input => '{"a": 1}');
  perform rota.define_schedule('tidy', '@daily', command => 'vacuum');
  perform rota.pause('schedule', 'job');
end $$;

-- refusals
select throws_ok(
  $$select rota.start_schedule('other')$$, '42704', $$schedule 'other' does not exist$$,
  'an unknown schedule is refused'
);
select throws_ok(
  $$select rota.start_schedule('tidy')$$, '22023',
  'schedule tidy runs a command, which pg_cron alone can start',
  'a command is refused'
);

-- the deed
select isnt(rota.start_schedule('job'), null, 'it returns the run, in a pause as well');
select results_eq(
  'select r.task, r.state, r.input, r.origin from rota.runs as r',
  $$values ('work', 'queued', '{"a": 1}'::jsonb, 'schedule:job')$$,
  'the run has the input of the schedule and tells where it came from'
);
select is_empty('select from rota.slots', 'it is no slot');

select * from finish();
rollback;
