begin;
select plan(12);

-- given: a still clock, and subscriptions that have read to different places
select test.set_clock('2099-01-10 12:00+00');
set local timezone = 'UTC';
select nextval('rota_core.event_id') from generate_series(1, 20) as n;
insert into rota_core.event (event_id, xid, at, topic, type, record)
select n * 1024, '10', timestamptz '2099-01-10 12:00+00' - make_interval(hours => 15 - n), 'pay',
  'paid', '[{}]'
from generate_series(1, 15) as n;
select rota.subscribe(s.name, 'pay', null, since => 'earliest', max_lag => '10 hours')
from unnest('{far,half,near,gone}'::text[]) as s (name);
update rota_core.event_position as p
set low_id = 1024 * case p.subscription when 'half' then 6 when 'near' then 13 else 2 end;
select rota.subscribe('none', 'pay', null);

-- who may call it
select function_privs_are(
  'rota_core', 'health_events', array[]::text[], 'rota_reader', array['EXECUTE'],
  'a reader may call it'
);

-- the log
select matches(
  test.health('event log'), '^ok: \d+ kB, since 2099-01-09 22:00:00\+00$', 'its size and age'
);
select rota.configure('event_max_size', '10 GB');
select matches(test.health('event log'), '^ok: \d+ kB of 10 GB, since', 'and its limit');
update rota_core.setting as s set value = '1 MB' where s.name = 'event_max_size';
insert into rota_core.event (event_id, xid, at, topic, type, record)
select 16384, '10', '2099-01-10 12:00+00', 'big', 'x', json_agg(md5(n::text))
from generate_series(1, 60000) as n;
select matches(
  test.health('event log'), '^critical: \d+ kB of 1024 kB, since', 'past it, critical'
);

-- subscriptions
select is(
  test.health('subscription far'),
  'critical: the oldest event that it has not read is of 2099-01-10 00:00:00+00; '
  'max_lag is 10:00:00', 'past max_lag it is critical'
);
select matches(
  test.health('subscription half'), '^warning: .* 04:00:00', 'past half of it, a warning'
);
select matches(test.health('subscription near'), '^ok: .* 11:00:00', 'before that, neither');
select is(
  test.health('subscription none'), 'ok: it has read all', 'nor for one that has read all'
);
select rota_core.release_subscription('gone', 'why');
select is(
  test.health('subscription gone'),
  'critical: paused since 2099-01-10 12:00:00+00, and the log is not kept for it any more',
  'one that is released is critical'
);

-- what could not be delivered
select is(test.health('dead letters'), 'ok: none', 'there are no dead letters');
insert into rota_core.held_event (
  subscription, event_id, shard, event, attempts, next_at, held_at, dead_at
)
values
  ('near', 1, 0, '{}', 3, null, 'epoch', 'epoch'), ('near', 2, 0, '{}', 3, null, 'epoch', 'epoch'),
  ('half', 1, 0, '{}', 3, null, 'epoch', 'epoch'),
  ('half', 2, 0, '{}', 1, 'infinity', 'epoch', null);
select is(test.health('dead letters'), 'warning: half 1, near 2', 'by subscription');
select is(test.health('events tried again'), 'ok: half 1', 'what is tried again is no trouble');

select * from finish();
rollback;
