begin;
select plan(9);

-- given: a still clock, a subscription with events that it has not finished, a reader, and another
select test.set_clock('2026-01-01 12:00+00');
select rota.define_task('note', 'test.echo');
set local client_min_messages = 'warning';
select rota.subscribe(s.name, 'orders', 'note') from unnest('{a,b}'::text[]) as s (name);
insert into rota_core.held_event (subscription, event_id, shard, event, held_at, dead_at)
values ('a', 1024, 0, '{}', 'epoch', null), ('a', 2048, 0, '{}', 'epoch', 'epoch'),
  ('b', 1024, 0, '{}', 'epoch', null);
select rota.emit('orders', 'paid', '{}');
select rota_core.wake_subscription(s.name, 0) from unnest('{a,b}'::text[]) as s (name);
select rota.pause('subscription', s.name) from unnest('{a,b}'::text[]) as s (name);

select is(
  test.callers('rota.unsubscribe'), '{rota_admin}',
  'an administrator may unsubscribe, and nobody else'
);

set local role rota_admin;

-- refusals
select throws_ok(
  'select rota.unsubscribe(''x'')', '42704', 'subscription ''x'' does not exist',
  'an unknown subscription is refused'
);
select throws_ok(
  'select rota.unsubscribe(null)', '42704', 'subscription NULL does not exist', 'so is none'
);

-- the deed
select lives_ok('select rota.unsubscribe(''a'')', 'it is removed');
reset role;
select results_eq(
  $$select 's ' || s.subscription from rota_core.subscription as s
    union all select 'p ' || p.subscription from rota_core.event_position as p
    union all select 'h ' || h.subscription from rota_core.held_event as h
    union all select 'u ' || u.name from rota_core.pause as u
    union all select 't ' || t.task from rota_core.task as t where t.task like 'subscription:%'
    union all select 'r ' || r.origin from rota_core.run as r
    order by 1$$,
  $$values ('h b'), ('p b'), ('r subscription:b:0'), ('s b'), ('t subscription:b'), ('u b')$$,
  'with all that it had, and nothing else'
);
select results_eq(
  $$select r.origin, r.state from rota.runs as r where r.state <> 'queued'$$,
  $$values ('subscription:a:0', 'cancelled')$$, 'a reader that waits is cancelled'
);
select results_eq(
  $$select l.level, l.message from rota.logs as l$$,
  $$values ('warn', 'subscription a was removed with 2 events that it had not finished')$$,
  'what it had not finished is counted in the log'
);
select throws_ok(
  'select rota.unsubscribe(''a'')', '42704', 'subscription ''a'' does not exist', 'once'
);
delete from rota_core.held_event;
select rota.unsubscribe('b');
select is(
  (select count(l.message) from rota.logs as l), 1::bigint, 'which is nothing to tell without any'
);

select * from finish();
rollback;
