begin;
select plan(7);

-- given: a still clock, dead letters of two subscriptions, and one that waits behind such a one
select test.set_clock('2026-01-01 12:00+00');
select rota.subscribe(s.name, 't', null) from unnest('{a,b}'::text[]) as s (name);
update rota_core.event_position as p set wake_at = null;
insert into rota_core.held_event (
  subscription, event_id, shard, key, event, attempts, error, held_at, dead_at
)
values
  ('a', 1024, 0, 'k', '{}', 3, '{}', 'epoch', 'epoch'),
  ('a', 2048, 0, 'k', '{}', 0, null, 'epoch', null),
  ('a', 3072, 0, null, '{}', 3, '{}', 'epoch', 'epoch'),
  ('a', 4096, 0, null, '{}', 3, '{}', 'epoch', 'epoch'),
  ('b', 1024, 0, null, '{}', 3, '{}', 'epoch', 'epoch');

select is(
  test.callers('rota.redrive_dead_letters'), '{rota_admin}',
  'an administrator may redrive, and nobody else'
);

set local role rota_admin;
select throws_ok(
  'select rota.redrive_dead_letters(''x'')', '42704', 'subscription ''x'' does not exist',
  'an unknown subscription is refused'
);
select is(rota.redrive_dead_letters('a', '{1024,2048,9999}'), 1, 'by number, only what is dead');
select is(rota.redrive_dead_letters('a'), 2, 'or all');
select is(rota.redrive_dead_letters('a'), 0, 'once');
reset role;
select results_eq(
  $$select h.subscription, h.event_id, h.attempts, h.next_at, h.dead_at
    from rota_core.held_event as h order by h.subscription, h.event_id$$,
  $$values
    ('a', 1024::bigint, 0, timestamptz '2026-01-01 12:00+00', null::timestamptz),
    ('a', 2048, 0, null, null), ('a', 3072, 0, '2026-01-01 12:00+00', null),
    ('a', 4096, 0, '2026-01-01 12:00+00', null), ('b', 1024, 3, null, 'epoch')$$,
  'they are due, with a fresh count; what waits behind one still waits'
);
select results_eq(
  'select p.subscription, p.wake_at from rota_core.event_position as p order by p.subscription',
  $$values ('a', timestamptz '2026-01-01 12:00+00'), ('b', null)$$, 'a worker looks for them'
);

select * from finish();
rollback;
