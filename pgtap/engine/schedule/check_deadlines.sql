begin;
select plan(27);
set local time zone 'UTC';

-- given: a clock that is set by hand, a task, and a schedule of each hour with a deadline
select test.set_clock('2026-01-01 12:00:30+00');
create function pg_temp.at(moment text) returns int
language plpgsql security definer as $$
begin
  perform test.set_clock(('2026-01-01 ' || moment || '+00')::timestamptz);
  perform rota_core.fire_due();
  delete from rota_core.run;
  return rota_core.check_deadlines();
end;
$$;
create function pg_temp.succeeded(run_id bigint, moment text, state text default 'succeeded')
returns void language sql as $$
  insert into rota_core.finished_run (
    run_id, task, lane, state, priority, run_at, input, attempt, charged, finished_at, created_at,
    created_by, tags, origin
  )
  values (
    run_id, 'work', 'default', state, 0, 'epoch', '{}', 1, 1,
    ('2026-01-01 ' || moment || '+00')::timestamptz, 'epoch', 'postgres', '{}', 'schedule:job'
  )
$$;
create view pg_temp.missed as
select
  m.schedule, to_char(m.slot, 'HH24:MI') as slot, to_char(m.due_at, 'HH24:MI') as due_at,
  to_char(m.opened_at, 'HH24:MI') as opened_at, to_char(m.closed_at, 'HH24:MI') as closed_at,
  m.closed_by, m.message
from rota.missed_deadlines as m
order by m.opened_at;
create view pg_temp.logged as
select l.level, l.message, l.task, l.run_id
from rota.logs as l
where l.component = 'schedule'
order by l.log_id;

do $$ begin
  perform rota.define_task('work', 'test.f');
  perform rota.define_calendar('tea', '{"hours": ["17:00-18:00"]}');
  perform rota.define_schedule('job', '0 * * * *', 'work', deadline => '20 min', calendar => 'tea');
end $$;

-- who may call it
select is(
  test.callers('rota_core.check_deadlines'), '{rota_worker}', 'a worker may call it, nobody else'
);

-- the deed: nothing by then
set local role rota_worker;
select is(rota_core.check_deadlines(), 1, 'a new deadline is looked at');
select is(rota_core.check_deadlines(), 0, 'once: nothing is due before the first slot is');
reset role;
select pg_temp.succeeded(1, '12:59');
select pg_temp.succeeded(2, '13:10', 'failed');
select pg_temp.at('13:19:59');
select is_empty('select * from missed', 'a failure in time is no success, but there is time left');
select pg_temp.at('13:20');
select results_eq(
  'select * from missed',
  $$values ('job', '13:00', '13:20', '13:20', null, null::bigint,
    'job has not succeeded since 2026-01-01 12:59:00 UTC')$$,
  'when it is over, a record is open; what succeeded before the slot does not count'
);
select results_eq(
  'select * from logged',
  $$values ('error', 'job has not succeeded since 2026-01-01 12:59:00 UTC', 'work', null::bigint)$$,
  'and an error is logged'
);
select is(pg_temp.at('14:30'), 0, 'while it is open, it is not looked at');
select is((select count(*) from missed), 1::bigint, 'and no other is opened');

-- a success ends it
select pg_temp.succeeded(3, '14:40');
select is(pg_temp.at('14:41'), 1, 'after a success it is');
select results_eq(
  'select * from missed',
  $$values ('job', '13:00', '13:20', '13:20', '14:40', 3::bigint,
    'job had not succeeded since 2026-01-01 12:59:00 UTC')$$,
  'the success closes it, whatever slot its run was started for'
);
select results_eq(
  'select * from logged offset 1',
  $$values ('info', 'job has succeeded again', 'work', 3::bigint)$$, 'which is logged'
);

-- a success in time
select pg_temp.at('15:00');
select pg_temp.succeeded(4, '15:20');
select pg_temp.at('15:20:01');
select is((select count(*) from missed), 1::bigint, 'a success at the last moment is in time');

-- slots that ask for nothing
select rota.pause('schedule', 'job');
select pg_temp.at('16:30');
select rota.resume('schedule', 'job');
select pg_temp.at('17:30');
select results_eq(
  $$select s.slot, s.reason from rota.slots as s where s.slot > '2026-01-01 15:30+00'$$,
  $$values
    (timestamptz '2026-01-01 16:00+00', 'paused'),
    (timestamptz '2026-01-01 17:00+00', 'calendar tea')$$,
  'a slot in a pause, one in the calendar'
);
select is((select count(*) from missed), 1::bigint, 'ask for no success');

-- slots that overlap
select pg_temp.succeeded(5, '18:00:01');
select pg_temp.at('18:00:02');
update rota_core.slot set outcome = 'skipped', reason = 'overlap', run_id = null
where slot = '2026-01-01 18:00+00';
delete from rota_core.finished_run where run_id = 5;
select pg_temp.at('18:00:03');
update rota_core.deadline
set judged_until = '2026-01-01 17:30+00', due_at = '2026-01-01 18:20+00';
select pg_temp.at('18:20');
select results_eq(
  'select m.slot from missed as m offset 1', $$values ('18:00')$$,
  'a slot that was skipped for an overlap should have run'
);

-- found late
select pg_temp.succeeded(6, '18:50');
select pg_temp.at('18:51');
select pg_temp.succeeded(7, '19:30');
select pg_temp.succeeded(8, '19:40');
select pg_temp.succeeded(9, '20:05');
select pg_temp.at('20:59');
select results_eq(
  'select * from missed as m offset 2',
  $$values ('job', '19:00', '19:20', '20:59', '20:59', 7::bigint,
    'job had not succeeded since 2026-01-01 18:50:00 UTC')$$,
  'one that was missed and made up for while nobody looked is recorded as both'
);

-- defined anew
select pg_temp.at('21:30');
select is((select m.slot from missed as m where m.closed_at is null), '21:00', 'it is missed');
select rota.define_schedule('job', '0 * * * *', 'work', deadline => '10 min');
select pg_temp.at('21:31');
select is(
  (select m.slot from missed as m where m.closed_at is null), '21:00',
  'a shorter deadline leaves it open'
);
select rota.define_schedule('job', '0 * * * *', 'work', deadline => '40 min');
select is_empty(
  'select from missed as m where m.closed_at is null', 'one that is not over yet closes it'
);
select pg_temp.at('21:39');
select is_empty('select from missed as m where m.closed_at is null', 'until it is over,');
select pg_temp.at('21:40');
select is(
  (select m.slot from missed as m where m.closed_at is null), '21:00', 'and then it is open again'
);
select rota.define_schedule('job', '0 * * * *', 'work');
select results_eq(
  $$select m.closed_at, m.closed_by, (select count(*)::int from rota_core.deadline)
    from missed as m offset 4$$,
  $$values ('21:40', null::bigint, 0)$$,
  'without a deadline it is closed, by no run'
);
select rota.define_schedule('job', '0 * * * *', 'work', deadline => '5 min');
select pg_temp.at('21:50');
select is_empty(
  'select from missed as m where m.closed_at is null',
  'a deadline asks for nothing before it was defined'
);
select pg_temp.at('22:06');
select rota.drop_schedule('job');
select results_eq(
  $$select m.slot, m.closed_at, m.closed_by from missed as m offset 5$$,
  $$values ('22:00', '22:06', null::bigint)$$,
  'a schedule that is dropped closes its record'
);
select results_eq(
  'select l.message from logged as l where l.level = ''info'' offset 3',
  $$values
    ('job has a longer deadline'), ('job has no deadline any longer'), ('job was dropped')$$,
  'each is logged'
);

-- never
select rota.define_schedule('young', '0 * * * *', 'work', deadline => '1 min');
select pg_temp.at('23:01');
select is(
  (select m.message from missed as m where m.schedule = 'young'), 'young has never succeeded',
  'a schedule that never succeeded is said to'
);
select is(
  (select s.last_success_at from rota.schedules as s), null, 'and has no last success'
);

select * from finish();
rollback;
