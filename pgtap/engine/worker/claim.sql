begin;
select plan(25);

-- given: a clock that can be set, a worker that remembers what it knows, and short names
select test.set_clock('2026-01-01 12:00+00');
insert into rota_core.worker (kind, lane, pid, role, started_at, seen_at)
values ('worker', 'default', 1, 'rota_worker', 'epoch', 'epoch');
create temp table me as
select w.worker_id, null::rota_core.worker_state as state
from rota_core.worker as w
where w.seen_at = 'epoch';
update me set
  state.worker_id = me.worker_id, state.lane = 'default',
  state.costs = '{"a": 0.001, "b": 0.001, "slow": 0.08, "very slow": 3}';

create function pg_temp.claim(max_runs int default 500) returns text
language plpgsql as $$
declare v_claim record;
begin
  select c.* into v_claim
  from pg_temp.me as m cross join rota_core.claim(m.state, max_runs) as c;
  update pg_temp.me set state = v_claim.state;
  return (
    select string_agg(i.run_id::text, ' ' order by i.ordinality)
    from unnest(v_claim.items) with ordinality as i
  );
end;
$$;
select rota.define_task(t.name, 'test.f') from unnest('{a,b,slow,new}'::text[]) as t (name);

select is(test.callers('rota_core.claim'), '{rota_worker}', 'a worker claims, and nobody else');

select is(pg_temp.claim(), null, 'from an empty lane nothing is claimed');

-- order
select test.queued(1, 'a', '2026-01-01 11:02+00');
select test.queued(2, 'b', '2026-01-01 11:01+00');
select test.queued(3, 'a', '2026-01-01 11:01+00');
select test.queued(4, 'a', '2026-01-01 11:30+00', priority => 9);
select test.queued(5, 'a', '2026-01-01 11:00+00', priority => -9);
select test.pass('1 s');
select is(pg_temp.claim(), '4', 'the highest priority comes first, though it came last');
select is(pg_temp.claim(2), '2 3', 'then by time and number, as many as are asked for');
select is(pg_temp.claim(), '1', 'then the next');
select is(pg_temp.claim(), '5', 'the lowest priority comes last');
select is(pg_temp.claim(), null, 'and nothing twice');
select results_eq(
  $$select r.state, r.worker_id = m.worker_id, r.attempt, r.claimed_at, r.counted_as,
      string_agg(r.run_id || case when r.alone then '!' else '' end, ' ' order by r.run_id)
    from rota_core.run as r, me as m group by 1, 2, 3, 4, 5$$,
  $$values ('running', true, 1, timestamptz '2026-01-01 12:00:01+00', null, '1! 2 3 4! 5!')$$,
  'what is claimed carries its worker; what is claimed by itself is alone'
);

-- time
select test.queued(10, 'a', '2026-01-01 12:01+00');
select is(pg_temp.claim(), null, 'a run is not claimed before its time');
select test.pass('59 s');
select is(pg_temp.claim(), '10', 'but then');

-- the floor
select test.queued(11, 'a', '2026-01-01 11:00+00');
select is(pg_temp.claim(), null, 'what comes in below the floor is passed over at first');
select test.pass('999 ms');
select test.queued(12, 'a', '2026-01-01 12:00:59+00');
select test.pass('1 s');
select is(pg_temp.claim(), '11 12', 'and found by the full scan, about a second later');

-- how much at once
select test.queued(20, 'slow', '2026-01-01 12:00+00');
select test.queued(21, 'slow', '2026-01-01 12:00+00');
select test.queued(22, 'slow', '2026-01-01 12:00+00');
select test.queued(23, 'new', '2026-01-01 12:00+00');
select test.queued(24, 'a', '2026-01-01 12:00+00');
select test.pass('2 s');
select is(pg_temp.claim(), '20 21', 'up to 0.2 s of work are claimed');
select is(pg_temp.claim(), '22', 'not together with a task whose cost is unknown');
select is(pg_temp.claim(), '23', 'which goes alone');
select is(pg_temp.claim(), '24', 'as does what is left');

-- suspects
select test.queued(30, 'a', '2026-01-01 12:00+00');
select test.queued(31, 'a', '2026-01-01 12:00+00');
select test.queued(32, 'a', '2026-01-01 12:00+00');
update rota_core.run set suspect = true where run_id = 31;
select test.pass('2 s');
select is(pg_temp.claim(), '30', 'what stands before a suspect');
select is(pg_temp.claim(), '31', 'then the suspect by itself');
select results_eq(
  'select r.alone from rota_core.run as r where r.run_id = 31', 'values (true)', 'alone'
);
select is(pg_temp.claim(), '32', 'then the others');

-- pauses
select test.queued(40, 'a', '2026-01-01 12:00+00');
select test.queued(41, 'b', '2026-01-01 12:00+00');
select rota.pause('task', 'a', until => '2026-01-01 13:00+00');
select test.pass('2 s');
select is(pg_temp.claim(), '41', 'a paused task is passed over');
select rota.pause('lane', 'default');
select test.queued(42, 'b', '2026-01-01 12:00+00');
select test.pass('2 h');
select is(pg_temp.claim(), null, 'from a paused lane nothing is claimed');
select rota.resume('lane', 'default');
select is(pg_temp.claim(), '40', 'a pause is over at its time, though nobody has resumed it');
select is(pg_temp.claim(), '42', 'and a lane goes on');

-- a worker that was declared lost
select test.queued(50, 'a', '2026-01-01 12:00+00');
select test.pass('2 s');
update rota_core.worker set ended_at = 'epoch', outcome = 'lost' where seen_at = 'epoch';
select throws_ok(
  'select pg_temp.claim()', 'RT003',
  format('worker %s was declared lost', me.worker_id), 'a lost worker claims nothing'
)
from me;

select * from finish();
rollback;
