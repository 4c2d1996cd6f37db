begin;
select plan(31);

-- given: a clock that can be set, a subscription of an application and one of a task, and events of
-- a transaction long ago: what this one does is not committed
select test.set_clock('2026-01-01 12:00+00');
select nextval('rota_core.event_id') from generate_series(1, 20) as n;
create function pg_temp.happens(n int, key text default null, topic text default 'pay')
returns void language sql as $$
  insert into rota_core.event (event_id, xid, at, topic, type, key, record)
  values (n * 1024, '10', '2026-01-01 11:59+00', topic, 'paid', key, json_build_array(n));
  update rota_core.event_position as p
  set low = '3:3:', low_id = n * 1024 - 1, high = null, high_id = null, phase = 1
  where p.low::text <> '3:3:' or p.high is not null;
$$;
create function pg_temp.fetched(statement text) returns text language plpgsql as $$
declare v_numbers text;
begin
  execute format('select string_agg((f.event_id / 1024)::text, '' '') from %s as f', statement)
  into v_numbers;
  return v_numbers;
end;
$$;
select rota.define_task('t', 'test.echo');
select rota.subscribe('a', 'pay', null, since => 'earliest');
select rota.subscribe('o', 'ordered*', null, since => 'earliest', ordered => true);
select rota.subscribe('by-task', 'pay', 't', since => 'earliest');

select is(
  test.callers('rota.fetch_events'), '{rota_admin,rota_app}',
  'applications and administrators may fetch'
);

set local role rota_app;

-- refusals
select is(
  test.refusal('select rota.fetch_events(''x'')'),
  '42704 subscription ''x'' does not exist; See what exists: select name from rota.subscriptions;',
  'an unknown subscription is refused'
);
select is(
  test.refusal('select rota.fetch_events(''by-task'')'),
  'RT009 subscription by-task is read by task t; '
  'For an application: select rota.subscribe(''by-task-app'', ''pay'', null);',
  'so is one that a task reads'
);
select is(
  test.refusal(format('select rota.fetch_events(''a'', %s)', a.arguments)),
  '22023 max_events must be from 1 to 10000, and lease up to 7 days; '
  'select * from rota.fetch_events(''name'', max_events => 100, lease => ''30 s'');',
  format('refused: %s', a.arguments)
)
from unnest(
  '{0,-1,10001,"null","1, ''0 s''","1, ''-1 s''","1, ''8 days''","1, null"}'::text[]
) as a (arguments);

-- the deed
select is_empty('select from rota.fetch_events(''a'')', 'there is nothing');
reset role;
select pg_temp.happens(n, format('k%s', n % 2)) from generate_series(1, 5) as n;
select pg_temp.happens(6, topic => 'other');
set local role rota_app;
select results_eq(
  $$select f.event_id, f.at, f.topic, f.type, f.key, f.schema_name, f.table_name, f.payload,
      f.record, f.old_record, f.attempts
    from rota.fetch_events('a', 1) as f$$,
  $$values (1024::bigint, timestamptz '2026-01-01 11:59+00', 'pay', 'paid', 'k1', null::text,
    null::text, '1'::jsonb, null::jsonb, null::jsonb, 1)$$,
  'an event is as in the view, and was handed out once'
);
select is(pg_temp.fetched('rota.fetch_events(''a'', 2)'), '2 3', 'then the next two');
select is(pg_temp.fetched('rota.fetch_events(''a'')'), '4 5', 'then all others of the topic');
select is_empty('select from rota.fetch_events(''a'')', 'nobody gets them while they are leased');
select is(rota.ack_events('a', '{1024,2048}'), 2, 'two are done');
reset role;
select test.pass('31 s');
set local role rota_app;
select is(
  pg_temp.fetched('rota.fetch_events(''a'', 2, lease => ''1 h'')'), '3 4',
  'those whose lease ran out come again'
);
select results_eq(
  $$select f.event_id, f.attempts from rota.fetch_events('a') as f$$, 'values (5120::bigint, 2)',
  'counted'
);
reset role;
select pg_temp.happens(7);
select rota.pause('subscription', 'a');
select is_empty('select from rota.fetch_events(''a'')', 'one that is paused has none');
select rota.resume('subscription', 'a');

-- after ten leases
create function pg_temp.again(times int) returns bigint[] language plpgsql as $$
declare v_ids bigint[];
begin
  for v_n in 1 .. times loop
    perform test.pass('1 min');
    v_ids := v_ids || array(select f.event_id from rota.fetch_events('a', 1) as f);
  end loop;
  return v_ids;
end;
$$;
select is(
  pg_temp.again(8), array_fill(5120::bigint, '{8}'), 'the oldest due comes again and again'
);
select test.pass('1 min');
select is(
  pg_temp.fetched('rota.fetch_events(''a'', 1)'), '7', 'it stands in nobody''s way any more'
);
select results_eq(
  $$select d.subscription, d.event_id, d.attempts, d.error ->> 'message'
    from rota.dead_letters as d$$,
  $$values ('a', 5120::bigint, 10, 'its lease ran out 10 times')$$, 'after ten it is dead'
);
select results_eq(
  $$select l.level, l.message from rota.logs as l where l.context ->> 'subscription' = 'a'$$,
  $$values ('error', 'subscription a: 1 events are dead, their lease ran out 10 times')$$,
  'which is logged'
);

-- in order
select pg_temp.happens(n, case when n < 18 then format('k%s', n % 2) end, 'ordered')
from generate_series(11, 18) as n;
select is(
  pg_temp.fetched('rota.fetch_events(''o'')'), '11 12 18', 'one of each key, and what has none'
);
select is_empty('select from rota.fetch_events(''o'')', 'the others wait behind them');
select is(rota.ack_events('o', '{11264,13312}'), 1, 'what waits cannot be acknowledged');
select is(pg_temp.fetched('rota.fetch_events(''o'')'), '13', 'the next of the key that is free');
update rota_core.held_event as h set dead_at = 'epoch', next_at = null, leased_by = null
where h.event_id in (13312, 18432);
select test.pass('1 h');
select is(
  pg_temp.fetched('rota.fetch_events(''o'')'), '12', 'a dead one holds those of its key back'
);
select is(rota.redrive_dead_letters('o'), 2, 'until it is redriven');
select is(pg_temp.fetched('rota.fetch_events(''o'')'), '13 18', 'and they come in order');

select * from finish();
rollback;
