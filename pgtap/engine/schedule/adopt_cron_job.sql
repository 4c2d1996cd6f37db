begin;
select plan(13);

-- given: a still clock, a task and two schedules
select test.set_clock('2026-01-01 12:00:30+00');
do $$ begin
  perform rota.define_task('work', 'test.f');
  perform rota.define_schedule('work', '1 12 * * *');
  perform rota.define_schedule('still', '0 3 * * *', 'work');
  perform rota.define_schedule('quick', '@every 10 seconds', 'work');
end $$;

-- who may call it
select is(
  test.callers('rota.adopt_cron_job'), '{rota_admin}', 'an administrator may call it, nobody else'
);

set local role rota_admin;

-- refusals
select throws_ok(
  $$select rota.adopt_cron_job('it''s', '0 3 * * *', 'select 1', 'postgres')$$,
  '42704', $$schedule 'it''s' does not exist$$,
  'an unknown schedule is refused'
);

-- the deed, where there is no pg_cron
select is(
  rota.adopt_cron_job('work', '1 12 * * *', 'select 1', 'nobody', 'work'), 'absent',
  'there is no such job'
);
select is(
  rota.adopt_cron_job('still', '0 3 * * *', 'select 2', 'nobody', job_id => 7, active => false),
  'absent', 'nor one without a name'
);
select results_eq(
  'select s.name, s.pause_reason from rota.schedules as s where s.paused',
  $$values ('still', 'the cron job it was made from is inactive')$$,
  'in the place of an inactive job the schedule stands still'
);
do $$ begin perform rota.resume('schedule', 'still'); end $$;
select is(
  rota.adopt_cron_job('still', '0 3 * * *', 'select 2', 'nobody', job_id => 7, active => false),
  'absent', 'again'
);
select is_empty('select from rota.schedules as s where s.paused', 'once: it may have been resumed');

-- the moment
select throws_ok(
  $$select rota_core.refuse_untimely('work', '2026-01-01 11:59', '2026-01-01 12:01')$$,
  '55P03', 'schedule work and its cron job cannot change places now',
  'a slot is too near'
);
select lives_ok(
  $$select rota_core.refuse_untimely('work', '2026-01-01 11:59', '2026-01-01 12:00:59')$$,
  'it is not that near'
);
select lives_ok(
  $$select rota_core.refuse_untimely('quick', '2026-01-01 11:59', '2026-01-01 12:00:59')$$,
  'the slots of one that has one every few seconds do not matter'
);

-- the end of the transaction
reset role;
update rota_core.adopted_job as a
set outcome = 'replaced', replaced_in = pg_current_xact_id(), adopted_at = '2026-01-01 12:00:30+00'
where a.schedule = 'work';
select is_empty('select rota_core.check_adoptions()', 'no slot has come meanwhile');
select test.set_clock('2026-01-01 12:00:56+00');
select throws_ok(
  'select rota_core.check_adoptions()', '55P03', null, 'one is about to, and both would start it'
);

select lives_ok($$select rota.drop_schedule('still')$$, 'nothing keeps the schedule');

select * from finish();
rollback;
