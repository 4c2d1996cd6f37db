begin;
select plan(10);

-- given: a still clock, dead letters, and one that waits behind such a one
select test.set_clock('2026-01-01 12:00+00');
select rota.subscribe('a', 't', null);
insert into rota_core.held_event (
  subscription, event_id, shard, key, event, attempts, error, held_at, dead_at
)
values
  ('a', 1024, 0, 'k', '{}', 3, '{}', 'epoch', 'epoch'),
  ('a', 2048, 0, 'k', '{}', 0, null, 'epoch', null),
  ('a', 3072, 0, null, '{}', 3, '{}', 'epoch', 'epoch');

select is(
  test.callers('rota.discard_dead_letters'), '{rota_admin}',
  'an administrator may discard, and nobody else'
);

set local role rota_admin;
select throws_ok(
  'select rota.discard_dead_letters(''x'', ''{1}'', ''why'')', '42704',
  'subscription ''x'' does not exist', 'an unknown subscription is refused'
);
select throws_ok(
  format('select rota.discard_dead_letters(''a'', %s)', a.arguments), '22023',
  'dead letters are discarded by their ids and for a reason', format('refused: %s', a.arguments)
)
from unnest(array['null, ''why''', '''{1024}'', null', '''{1024}'', ''''']) as a (arguments);
select is(rota.discard_dead_letters('a', '{2048,9999}', 'why'), 0, 'only what is dead');
select is(rota.discard_dead_letters('a', '{1024,2048}', 'sent by hand'), 1, 'by number');
reset role;
select results_eq(
  'select h.event_id, h.next_at from rota_core.held_event as h order by h.event_id',
  $$values (2048::bigint, timestamptz '2026-01-01 12:00+00'), (3072, null)$$,
  'it is gone, and what waited behind it is due'
);
select results_eq(
  $$select l.level, l.component, l.message, l.context -> 'event_ids' from rota.logs as l
    where l.context ->> 'reason' = 'sent by hand'$$,
  format($$values ('warn', 'rota',
    '1 dead letters of subscription a were discarded by rota_admin: sent by hand',
    '[1024]'::jsonb)$$), 'the log says which, by whom and why'
);
select is(
  (select p.wake_at from rota_core.event_position as p where p.subscription = 'a'),
  timestamptz '2026-01-01 12:00+00', 'a worker looks for the rest'
);

select * from finish();
rollback;
