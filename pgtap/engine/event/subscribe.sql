begin;
select plan(35);

-- given: a still clock, tasks of each kind, and an event
select test.set_clock('2026-01-01 12:00+00');
create schema app;
grant usage on schema app to rota_worker;
create function app.all(events jsonb) returns void language sql as $$ select $$;
select rota.define_task('note', 'test.echo', timeout => '7 min', lane => 'slow', priority => 3,
  alert => 'ops', tags => '{t}', owner => 'team');
select rota.define_task('all', 'app.all', kind => 'batch');
select rota.emit('orders', 'paid', '{}');

select is(
  test.callers('rota.subscribe'), '{rota_admin}', 'an administrator may subscribe, and nobody else'
);

set local role rota_admin;
set local client_min_messages = 'warning';

-- refusals
select throws_ok(
  format('select rota.subscribe(%s)', r.arguments), r.condition, r.said, r.arguments
)
from (
  values
  ($$null, 't', 'note'$$, '22023', 'subscription name null is not usable'),
  ($$'a b', 't', 'note'$$, '22023', 'subscription name ''a b'' is not usable'),
  ($$'s', null, 'note'$$, '22023', 'topic NULL is not valid'),
  ($$'s', '', 'note'$$, '22023', 'topic '''' is not valid'),
  ($$'s', 't', 'x'$$, '42704', 'task x does not exist'),
  ($$'s', 't', 'note', since => 'then'$$,
    '22023', 'subscription s: since is now or earliest, not ''then'''),
  ($$'s', 't', 'note', since => null$$,
    '22023', 'subscription s: since is now or earliest, not NULL'),
  ($$'s', 't', 'note', mode => 'all'$$,
    '22023', 'subscription s: mode is event or batch, not ''all'''),
  ($$'s', 't', 'note', mode => 'batch'$$,
    '22023', 'subscription s: mode batch needs a task of kind batch, and note is of kind call'),
  ($$'s', 't', 'all'$$,
    '22023', 'subscription s: task all is of kind batch: say mode => ''batch'''),
  ($$'s', 't', 'note', batch_size => 0$$,
    '22023', 'subscription s: batch_size is a number from 1 to 10000, not ''0'''),
  ($$'s', 't', 'note', batch_size => 10001$$,
    '22023', 'subscription s: batch_size is a number from 1 to 10000, not ''10001'''),
  ($$'s', 't', 'note', shards => 65$$,
    '22023', 'subscription s: shards is a number from 1 to 64, not ''65'''),
  ($$'s', 't', null, shards => 2$$,
    '22023', 'subscription s: shards are for subscriptions with a task'),
  ($$'s', 't', 'note', max_lag => '0'$$,
    '22023', 'subscription s: max_lag is longer than nothing, not ''00:00:00'''),
  ($$'s', 't', 'note', types => '{}'$$,
    '22023', 'subscription s: types is a list such as {INSERT,UPDATE}, or null for all')
) as r (arguments, condition, said);

-- the deed
select is(
  rota.subscribe('s', 'orders', 'note', types => '{paid}', filter => '$.payload.n > 1',
    batch_size => 7, ordered => true, shards => 2, max_lag => '2 h'),
  's', 'it returns the name'
);
select results_eq(
  $$select s.topic, s.task, s.types, s.filter::text, s.mode, s.batch_size, s.ordered, s.shards,
      s.max_lag, s.defined_at, s.delivered, s.lag, s.paused
    from rota.subscriptions as s$$,
  $$values ('orders', 'note', '{paid}'::text[], '($."payload"."n" > 1)', 'event', 7, true, 2,
    interval '2 h', timestamptz '2026-01-01 12:00+00', 0::numeric, interval '0', false)$$,
  'and shows what was said'
);
reset role;
select results_eq(
  $$select p.shard, p.low_id = (select s.last_value from rota_core.event_id as s), p.phase,
      p.wake_at
    from rota_core.event_position as p order by p.shard$$,
  $$values (0, true, 0, timestamptz '2026-01-01 12:00+00'),
    (1, true, 0, timestamptz '2026-01-01 12:00+00')$$,
  'each shard stands behind what has been emitted, and is looked at'
);
select results_eq(
  $$select t.kind, t.timeout, t.lane, t.priority, t.alert, t.tags, t.owner
    from rota_core.task as t where t.task = 'subscription:s'$$,
  $$values ('chunked', interval '7 min', 'slow', 3, 'ops', '{t}'::text[], 'team')$$,
  'its reader runs as its task would'
);
select is_empty(
  $$select t.name from rota.tasks as t where t.name like 'subscription:%'$$,
  'which is nothing to look at'
);

-- again
set local role rota_admin;
select throws_ok(
  $$select rota.subscribe('s', 'orders', 'note', shards => 3)$$, 'RT002',
  'subscription s has 2 shards and cannot be given 3', 'shards cannot change'
);
select rota.pause('subscription', 's');
select lives_ok(
  $$select rota.subscribe('s', 'users', 'note', shards => 2, since => 'earliest')$$,
  'all else can'
);
select results_eq(
  $$select s.topic, s.types, s.filter is null, s.batch_size, s.ordered, s.max_lag, s.paused
    from rota.subscriptions as s$$,
  $$values ('users', null::text[], true, 500, false, interval '1 day', true)$$,
  'what is left out takes its default again, and a pause survives'
);
reset role;
select is(
  (select count(*) from rota_core.event_position as p where p.low_id = 0), 0::bigint,
  'and so does the position'
);

-- filters
select rota.subscribe(f.name, 'orders', 'note', filter => f.filter::jsonpath)
from (
  values ('selects', '$.payload.n'), ('exists', '$.payload ? (@.n == 4)'),
  ('lax', '$.payload.n == 1'), ('strict', 'strict $.payload.n == 1'), ('like', '$.x like_regex "a"')
) as f (name, filter);
select results_eq(
  $$select s.subscription, s.filter::text like 'exists%' or s.filter::text like '%(exists%'
    from rota_core.subscription as s where s.subscription <> 's' order by 1$$,
  $$values ('exists', true), ('lax', false), ('like', false), ('selects', true),
    ('strict', false)$$,
  'a path that selects is asked whether there is such a thing'
);

-- where it begins, and what remarks are made
select rota.subscribe('first', 'orders', 'all', mode => 'batch', since => 'earliest');
select results_eq(
  $$select p.low::text, p.low_id, p.phase
    from rota_core.event_position as p where p.subscription = 'first'$$,
  $$values ('3:3:', 0::bigint, 1)$$, 'from the earliest, before everything'
);
select rota.subscribe('app', 'orders', null);
select is_empty(
  $$select t.task from rota_core.task as t where t.task = 'subscription:app'$$,
  'without a task nobody reads it but those who fetch'
);
select rota.subscribe('app', 'orders', 'note');
select isnt_empty(
  $$select t.task from rota_core.task as t where t.task = 'subscription:app'$$, 'until it has one'
);
select rota.subscribe('app', 'orders', null);
select is_empty(
  $$select t.task from rota_core.task as t where t.task = 'subscription:app'$$, 'and no longer'
);

-- a restored log
update rota_core.event_position as p set cluster = 1 where p.subscription = 'first';
select throws_ok(
  $$select rota.subscribe('new', 'orders', 'note')$$, 'RT008',
  'the event log was restored into another cluster, so positions in it mean nothing',
  'nobody subscribes to a log that was restored'
);
select is(
  (select h.status from rota_core.health_restore() as h), 'critical', 'of which health tells'
);
select is(
  (select count(a.subscription) from rota_core.adopt_restore() as a), 1::bigint,
  'until it is adopted'
);
select is((select h.status from rota_core.health_restore() as h), 'ok', 'and health is well');

select * from finish();
rollback;
