begin;
select plan(9);

-- given: events that a role has leased, others, and one that is dead
create role consumer_tested in role rota_app;
insert into rota_core.subscription (
  subscription, topic, mode, batch_size, ordered, shards, max_lag, defined_at, defined_by
)
values ('a', 't', 'event', 500, true, 1, '1 day', 'epoch', 'x');
insert into rota_core.held_event (
  subscription, event_id, shard, key, event, attempts, next_at, leased_by, held_at, dead_at
)
values
  ('a', 1024, 0, 'k', '{}', 1, 'infinity', 'rota_app', 'epoch', null),
  ('a', 2048, 0, 'k', '{}', 0, null, null, 'epoch', null),
  ('a', 3072, 0, null, '{}', 1, 'infinity', 'consumer_tested', 'epoch', null),
  ('a', 4096, 0, null, '{}', 1, 'epoch', 'rota_app', 'epoch', null),
  ('a', 5120, 0, null, '{}', 0, 'epoch', null, 'epoch', null),
  ('a', 6144, 0, null, '{}', 10, null, 'rota_app', 'epoch', 'epoch');

select is(
  test.callers('rota.ack_events'), '{rota_admin,rota_app}',
  'applications and administrators may acknowledge'
);

set local role rota_app;
select throws_ok(
  'select rota.ack_events(''x'', ''{1024}'')', '42704', 'subscription ''x'' does not exist',
  'an unknown subscription is refused'
);
select is(
  rota.ack_events('a', '{2048,3072,5120,6144,7168}'), 0,
  'what is not leased, not by this role or not at all, is ignored'
);
select is(rota.ack_events('a', '{}'), 0, 'none is none');
select is(rota.ack_events('a', null), 0, 'so is null');
select is(
  rota.ack_events('a', '{1024,4096,1024}'), 2, 'leased ones are done, one that is late too'
);
select is(rota.ack_events('a', '{1024,4096}'), 0, 'once');
reset role;
select results_eq(
  'select h.event_id from rota_core.held_event as h order by h.event_id',
  'values (2048::bigint), (3072), (5120), (6144)', 'they are forgotten'
);
select isnt(
  (select h.next_at from rota_core.held_event as h where h.event_id = 2048), null,
  'the next of the key is due'
);

select * from finish();
rollback;
