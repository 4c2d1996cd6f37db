begin;
select plan(6);

-- given: a still clock and a task
select test.set_clock('2026-01-01 12:00:30+00');
do $$ begin perform rota.define_task('work', 'test.f'); end $$;

-- who may call it
select is(
  test.callers('rota.drop_schedule'), '{rota_admin}', 'an administrator may call it, nobody else'
);

insert into rota_core.slot (schedule, slot, outcome, reason, fired_at, fired_by)
values ('work', '2026-01-01 12:00+00', 'waiting', 'overlap', 'epoch', 'supervisor');
set local role rota_admin;
do $$ begin
  perform rota.define_schedule('work', '@daily');
  perform rota.pause('schedule', 'work');
end $$;

-- refusals
select throws_ok(
  $$select rota.drop_schedule('it''s')$$, '42704', $$schedule 'it''s' does not exist$$,
  'an unknown schedule is refused'
);

-- the deed
select lives_ok($$select rota.drop_schedule('work')$$, 'it is dropped');
select is_empty('select from rota.schedules', 'and gone');
reset role;
select is_empty('select from rota_core.pause', 'with its pause');
select results_eq(
  'select s.outcome, s.reason from rota.slots as s',
  $$values ('skipped', 'the schedule was dropped')$$,
  'its slots stay as history, and none of them waits for ever'
);

select * from finish();
rollback;
