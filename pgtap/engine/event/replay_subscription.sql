begin;
select plan(16);

-- given: a still clock, events of some hours, and a subscription of two shards that has read most
select test.set_clock('2026-01-01 12:00+00');
select rota.define_task('note', 'test.echo');
set local client_min_messages = 'warning';
select rota.subscribe('s', 'orders', 'note', shards => 2);
select nextval('rota_core.event_id') from generate_series(1, 20) as n;
insert into rota_core.event (event_id, at, topic, type, record)
select n * 1024, timestamptz '2026-01-01 00:00+00' + make_interval(hours => n), 'orders', 'paid',
  '[{}]'
from generate_series(1, 10) as n;
create function pg_temp.place(low_id bigint, high_id bigint, phase int, last_id bigint)
returns void language sql as $$
  update rota_core.event_position as p
  set
    low = '100:100:', low_id = place.low_id * 1024, high_id = place.high_id * 1024,
    high = case when place.high_id is not null then '200:200:'::pg_snapshot end,
    phase = place.phase, last_id = place.last_id * 1024, trial_size = 3, trial_error = '{}',
    wake_at = null
$$;
create function pg_temp.places(out low text, out low_id bigint, out high_id bigint, out phase int,
  out last_id bigint)
returns setof record language sql as $$
  select p.low::text, p.low_id, p.high_id / 1024, p.phase, p.last_id
  from rota_core.event_position as p
  group by 1, 2, 3, 4, 5
$$;

select is(
  test.callers('rota.replay_subscription'), '{rota_admin}',
  'an administrator may replay, and nobody else'
);

set local role rota_admin;

-- refusals
select throws_ok(
  'select rota.replay_subscription(''x'', since_id => 1)', '42704',
  'subscription ''x'' does not exist', 'an unknown subscription is refused'
);
select throws_ok(
  'select rota.replay_subscription(''s'')', '22023',
  'a replay begins at a time or at an event, one of the two', 'so is no beginning'
);
select throws_ok(
  'select rota.replay_subscription(''s'', since => now(), since_id => 1)', '22023',
  'a replay begins at a time or at an event, one of the two', 'and two of them'
);
reset role;
update rota_core.event_position as p set cluster = 1 where p.shard = 1;
select throws_ok(
  'select rota.replay_subscription(''s'', since_id => 1)', 'RT008',
  'the event log was restored into another cluster, so positions in it mean nothing',
  'and a log that was restored'
);
update rota_core.event_position as p set cluster = rota_core.cluster_id();

-- the deed: where everything has been read
select pg_temp.place(8, null, 0, 0);
set local role rota_admin;
select is(
  rota.replay_subscription('s', since => '2026-01-01 03:30+00'), 4096::bigint,
  'from a time, the first row since then'
);
reset role;
select results_eq(
  'select * from pg_temp.places()',
  $$values ('100:100:', 4095::bigint, null::bigint, 0, 0::bigint)$$,
  'only the number goes back'
);
select results_eq(
  $$select distinct p.trial_size, p.trial_error, p.wake_at from rota_core.event_position as p$$,
  $$values (null::int, null::jsonb, timestamptz '2026-01-01 12:00+00')$$,
  'and workers look'
);
select is(
  rota.replay_subscription('s', since_id => 2050), 2048::bigint,
  'from an event, the row that holds it'
);
select is(
  (select distinct p.low_id from pg_temp.places() as p), 2047::bigint, 'further back'
);
select rota.replay_subscription('s', since_id => 6144);
select is(
  (select distinct p.low_id from pg_temp.places() as p), 2047::bigint,
  'a later one does not take back an earlier one'
);

-- in an open window
select pg_temp.place(4, 9, 1, 7);
select rota.replay_subscription('s', since_id => 6144);
select results_eq(
  'select * from pg_temp.places()',
  $$values ('100:100:', 4096::bigint, 9::bigint, 1, 6143::bigint)$$,
  'among what is new: to there'
);
select rota.replay_subscription('s', since_id => 2048);
select results_eq(
  'select * from pg_temp.places()',
  $$values ('100:100:', 2047::bigint, 9::bigint, 1, 2047::bigint)$$,
  'before it: both numbers'
);
select pg_temp.place(4, 9, 0, 3);
select rota.replay_subscription('s', since_id => 2048);
select results_eq(
  'select * from pg_temp.places()',
  $$values ('100:100:', 2047::bigint, 9::bigint, 0, 3072::bigint)$$,
  'among the stragglers: these go on, and what is new begins earlier'
);

-- where there is nothing
select pg_temp.place(8, null, 0, 0);
select is(
  rota.replay_subscription('s', since => '2027-01-01'),
  (select s.last_value + 1024 from rota_core.event_id as s),
  'after the last there is nothing to read'
);
select is((select distinct p.low_id from pg_temp.places() as p), 8192::bigint, 'and nothing moves');

select * from finish();
rollback;
