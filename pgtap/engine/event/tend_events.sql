begin;
select plan(24);

-- given: a clock that can be set, in 2099; nine days of the log, an event each, of a transaction
-- long ago; a subscription that has read all, one that has not, and one of a topic without events
select test.set_clock('2099-01-10 12:00+00');
set local timezone = 'UTC';
select nextval('rota_core.event_id') from generate_series(1, 20) as n;
set local role rota_owner;
select rota_core.make_partition('event', d.day, d.day + interval '1 day')
from generate_series('2099-01-01 00:00+00', '2099-01-10 00:00+00', interval '1 day') as d (day);
reset role;
insert into rota_core.event (event_id, xid, at, topic, type, record)
select n * 1024, '10', make_timestamptz(2099, 1, n, 12, 0, 0), 'pay', 'paid', '[{}]'
from generate_series(1, 9) as n;
select rota.subscribe('read', 'pay', null, max_lag => '3 days');
select rota.subscribe('slow', 'p*', null, since => 'earliest', max_lag => '3 days');
select rota.subscribe('idle', 'other', null, since => 'earliest', max_lag => '3 days');

create temp view day as
select p.name, p.from_at from rota_core.partitions('event') as p where p.name like '%2099%';
create temp view said as
select l.log_id, l.level, l.message from rota.logs as l
where l.component = 'rota' and l.context ->> 'subscription' = 'slow';
create temp view place as
select p.subscription, p.lag_noted_at, p.released_at, p.released_from
from rota_core.event_position as p;

select is(
  test.callers('rota_core.tend_events'), '{rota_worker}',
  'the supervisor may call it, and nobody else'
);
select results_eq(
  'select l.subscription, l.event_id, l.lag from rota_core.lags() as l',
  $$values ('idle', null::bigint, interval '0'), ('read', null, '0'), ('slow', 1024, '9 days')$$,
  'a lag is the age of the oldest event that is not read'
);

-- one that lags
set local role rota_worker;
select is(rota_core.tend_events(), true, 'upkeep is done');
select is(rota_core.tend_events(), true, 'twice is harmless');
reset role;
select results_eq(
  'select s.level, s.message from said as s',
  $$values ('error',
    'subscription slow lags: it has not read event 1024 of 2099-01-01 12:00:00+00')$$,
  'a lag past max_lag is logged, once'
);
select results_eq(
  'select p.subscription, p.lag_noted_at from place as p order by p.subscription',
  $$values ('idle', null::timestamptz), ('read', null), ('slow', '2099-01-10 12:00+00')$$,
  'it is an episode'
);
select is((select count(*) from day), 10::bigint, 'the log is kept for it');

-- who reads goes on
update rota_core.event_position as p set low_id = 4 * 1024, phase = 1 where p.subscription = 'slow';
set local role rota_worker;
select rota_core.tend_events();
reset role;
select is(
  (select min(d.name) from day as d), 'event_p20990103',
  'days go that are older than event_keep and read by all: idle ones too have read them'
);
select is((select count(*) from said), 1::bigint, 'it still lags: the same episode');
update rota_core.event_position as p set low_id = 8 * 1024 where p.subscription = 'slow';
set local role rota_worker;
select rota_core.tend_events();
reset role;
select is_empty(
  'select from place as p where p.lag_noted_at is not null',
  'the episode ends when it has caught up'
);

-- who does not, is let go
select rota.pause('subscription', 'slow', until => '2099-01-11');
select test.set_clock('2099-01-14 00:00+00');
set local role rota_worker;
select rota_core.tend_events();
select test.set_clock('2099-01-16 23:59+00');
select rota_core.tend_events();
reset role;
select is((select count(*) from said), 2::bigint, 'another episode');
select is((select p.released_at from place as p where p.subscription = 'slow'), null,
  'it has its max_lag once more');
select test.set_clock('2099-01-17 12:00+00');
set local role rota_worker;
select rota_core.tend_events();
reset role;
select results_eq(
  'select s.level, s.message from said as s order by s.log_id desc limit 1',
  $$values ('error', 'subscription slow is paused and the log is not kept for it any more, from '
    'event 9216 on: it lagged by more than twice its max_lag of 3 days')$$,
  'at twice max_lag it is paused and released, which is logged'
);
select results_eq(
  $$select s.paused, s.paused_until, s.pause_reason from rota.subscriptions as s
    where s.name = 'slow'$$,
  $$values (true, null::timestamptz, 'it lagged by more than twice its max_lag of 3 days')$$,
  'the view shows why'
);
select results_eq(
  'select p.subscription, p.released_at, p.released_from from place as p order by p.subscription',
  $$values ('idle', null::timestamptz, null::bigint), ('read', null, null),
    ('slow', '2099-01-17 12:00+00', 9216)$$,
  'from what it has not read'
);
select is((select min(d.name) from day as d), 'event_p20990110', 'so the days go');
select results_eq(
  'select m.subscription, m.first_id, m.last_id, m.events from rota_core.missed_span as m',
  $$values ('slow', 9216::bigint, 9216::bigint, 1::bigint)$$, 'what it missed by that is on record'
);

-- and comes back
select rota.resume('subscription', 'slow');
select results_eq(
  'select s.level, s.message from said as s order by s.log_id desc limit 1',
  $$values ('error', 'subscription slow has missed 1 events, from 9216 to 9216: they left the log '
    'while it was paused')$$,
  'on resume it is said what it missed'
);
select is_empty(
  'select from place as p where num_nonnulls(p.released_at, p.released_from, p.lag_noted_at) > 0',
  'the log is kept for it again'
);
select results_eq(
  $$select h.status, h.detail from rota_core.health_events() as h
    where h.check_name = 'missed events of slow'$$,
  $$values ('warning', '1 events, from 9216 to 9216, left the log unread before it was resumed at '
    '2099-01-17 12:00:00+00')$$,
  'health says so too'
);
select test.set_clock('2099-01-25 12:00+00');
set local role rota_worker;
select rota_core.tend_events();
reset role;
select is_empty('select from rota_core.missed_span', 'for as long as events are kept');

-- a log that is too large
set local role rota_owner;
select rota_core.make_partition('event', '2099-01-23', '2099-01-24');
reset role;
insert into rota_core.event (event_id, xid, at, topic, type, record)
select 18432, '10', '2099-01-23 12:00+00', 'pay', 'paid', json_agg(md5(n::text))
from generate_series(1, 60000) as n;
update rota_core.event_position as p set low = pg_current_snapshot() where p.subscription <> 'slow';
update rota_core.event_position as p
set low_id = 18431, phase = 1, high = null, high_id = null where p.subscription = 'slow';
select rota.configure('event_max_size', '1 MB');
set local role rota_worker;
select rota_core.tend_events();
reset role;
select isnt(to_regclass('rota_core.event_p20990123'), null, 'one that has not read it holds it');
update rota_core.subscription as s set max_lag = '2 days' where s.subscription = 'slow';
update rota_core.event_position as p set low = '3:3:' where p.subscription = 'slow';
select test.set_clock('2099-01-25 12:30+00');
set local role rota_worker;
select rota_core.tend_events();
select test.set_clock('2099-01-25 13:00+00');
select rota_core.tend_events();
reset role;
select is(
  (select s.pause_reason from rota.subscriptions as s where s.name = 'slow'),
  'it lagged by more than its max_lag of 2 days while the log was over event_max_size',
  'past its max_lag it is let go'
);
select is(to_regclass('rota_core.event_p20990123'), null, 'and days go that are not old');

select * from finish();
rollback;
