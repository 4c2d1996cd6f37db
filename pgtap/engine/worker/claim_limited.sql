begin;
select plan(22);

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
  -- In this test the next claim looks at limits at once, however long that took.
  update pg_temp.me set state.limited_at = null;
  return (
    select string_agg(i.run_id::text, ' ' order by i.ordinality)
    from unnest(v_claim.items) with ordinality as i
  );
end;
$$;
select rota.define_task('a', 'test.f');
select rota.define_task('two', 'test.f', concurrency => 2);
select rota.define_task('rate', 'test.f', rate_limit => '3/minute');
select rota.define_task('m1', 'test.f', mutex => 'm');
select rota.define_task('m2', 'test.f', mutex => 'm');
select rota.define_task('http', null, kind => 'external');
update me set state.costs = (me.state).costs || '{"two": 0.001, "rate": 0.001, "m1": 0.001}';
create function pg_temp.finish(run_id bigint) returns void
language sql as $$ delete from rota_core.run as r where r.run_id = finish.run_id $$;

select is(test.callers('rota_core.claim_limited'), '{}', 'it is internal');

-- concurrency
select test.queued(n.n, 'two', '2026-01-01 11:00+00') from generate_series(1, 4) as n (n);
select is(pg_temp.claim(), '1 2', 'two may run at a time');
select is(pg_temp.claim(), null, 'and no more');
select pg_temp.finish(1);
select is(pg_temp.claim(), '3', 'until one has ended');
select results_eq(
  'select distinct r.counted_as from rota_core.run as r where r.state = ''running''',
  $$values ('two')$$, 'they are counted by the task'
);
select rota.define_task('two', 'test.f', concurrency => 1);
select pg_temp.finish(2);
select is(pg_temp.claim(), null, 'a limit that was lowered holds at once');
select rota.define_task('two', 'test.f');
select test.pass('2 s');
select is(pg_temp.claim(), '4', 'and one that was lifted no more');
select pg_temp.finish(r.run_id) from rota_core.run as r;

-- a mutex
select test.queued(11, 'm1', '2026-01-01 11:00+00');
select test.queued(12, 'm2', '2026-01-01 11:01+00');
select test.queued(13, 'm1', '2026-01-01 11:02+00');
select is(pg_temp.claim(), '11', 'of all tasks with a mutex one runs at a time');
select is(pg_temp.claim(), null, 'whichever it is');
select pg_temp.finish(11);
select is(pg_temp.claim(), '12', 'then the next, of the other task');
select pg_temp.finish(r.run_id) from rota_core.run as r;

-- a rate
select test.queued(n.n, 'rate', '2026-01-01 11:00+00') from generate_series(21, 30) as n (n);
select is(pg_temp.claim(), '21 22 23', 'three at once');
select pg_temp.finish(r.run_id) from rota_core.run as r where r.state = 'running';
select is(pg_temp.claim(), null, 'then none');
select test.pass('19 s');
select is(pg_temp.claim(), null, 'not before the next token');
select test.pass('1 s');
select is(pg_temp.claim(), '24', 'one after a third of the minute');
select test.pass('1 day');
select is(pg_temp.claim(), '25 26 27', 'a long rest does not save up more than the limit');
select pg_temp.finish(r.run_id) from rota_core.run as r;

-- among the others
select test.queued(41, 'a', '2026-01-02 11:02+00');
select test.queued(42, 'm1', '2026-01-02 11:01+00');
select test.queued(43, 'm2', '2026-01-02 11:03+00', priority => 5);
select test.pass('2 s');
select is(pg_temp.claim(), '43', 'limited runs take their turn by priority');
select pg_temp.finish(43);
select is(pg_temp.claim(), '42', 'and by time');
select is(pg_temp.claim(), '41', 'with those that have no limit');
select pg_temp.finish(r.run_id) from rota_core.run as r;

-- suspects
select rota.define_task('two', 'test.f', concurrency => 9);
select test.queued(n.n, 'two', '2026-01-01 11:00+00') from generate_series(51, 54) as n (n);
update rota_core.run set suspect = true where run_id in (52, 53);
select is(
  (select string_agg(pg_temp.claim(), '; ') from generate_series(1, 5)), '51; 52; 53; 54',
  'a suspect goes alone here too'
);

-- external tasks
select test.queued(61, 'http', '2026-01-01 11:00+00');
select test.pass('2 s');
select is(pg_temp.claim(), null, 'what is done outside is not for a worker in the database');
select is_empty(
  $$select i.run_id from me as m, rota_core.claim_external(m.worker_id, 'default', '{x}', 9) as i$$,
  'nor for one that has no handler for it'
);
select results_eq(
  $$select i.run_id, i.task, i.attempt, i.input from me as m,
      rota_core.claim_external(m.worker_id, 'default', '{x,http}', 9) as i$$,
  $$values (61::bigint, 'http', 1, '{}'::jsonb)$$,
  'but for one that has'
);

select * from finish();
rollback;
