begin;
select plan(18);

-- given: a still clock
select test.set_clock('2026-01-01 12:00+00');

select is(
  test.callers('rota.emit'), '{rota_admin,rota_app,rota_worker}',
  'applications, administrators and handlers may emit'
);

set local role rota_app;

-- refusals
select throws_ok(
  format('select rota.emit(%L, ''t'', ''{}'')', t.topic), '22023', t.said,
  format('refused: 22023 %s', t.said)
)
from (
  values
  (null, 'topic NULL is not valid'),
  ('', 'topic '''' is not valid'),
  ('public.*', 'topic ''public.*'' is not valid'),
  (repeat('x', 201), format('topic ''%s'' is not valid', repeat('x', 201))),
  (e'a\nb', e'topic ''a\nb'' is not valid')
) as t (topic, said);
select throws_ok(
  format('select rota.emit(''t'', %L, ''{}'')', t.type), '22023',
  format('type %s is not valid', quote_nullable(t.type)),
  format('a type that is %s is refused', coalesce(left(t.type, 5), 'null'))
)
from unnest(array[null, '', repeat('x', 201)]) as t (type);
select throws_ok(
  format('select rota.emit(''t'', ''t'', ''{}'', key => %L)', t.key), '22023',
  'key must be 1 to 500 bytes long', format('a key of %s bytes is refused', length(t.key))
)
from unnest(array['', repeat('x', 501)]) as t (key);
reset role;
select is_empty('select from rota_core.event', 'after the refusals nothing is in the log');

-- the deed
set local role rota_app;
create temp table given as
select
  rota.emit('payment', 'payment.completed', '{"id": 17}', key => '17') as first,
  rota.emit(repeat('ü', 200), 'x', '"text"') as second,
  rota.emit('payment', 'x', null) as third,
  rota.emit('payment', 'big', to_jsonb(repeat('ab', 1000000)), repeat('k', 500)) as fourth;
reset role;
select results_eq(
  $$select e.event_id, e.at, e.topic, e.type, e.key, e.payload
    from rota.events as e where e.type <> 'big' order by e.event_id$$,
  $$select x.event_id, timestamptz '2026-01-01 12:00+00', x.topic, x.type, x.key, x.payload::jsonb
    from given as g
    cross join lateral (
      values
      (g.first, 'payment', 'payment.completed', '17', '{"id": 17}'),
      (g.second, repeat('ü', 200), 'x', null, '"text"'),
      (g.third, 'payment', 'x', null, 'null')
    ) as x (event_id, topic, type, key, payload)$$,
  'the events are in the log, each with the number that was returned'
);
select results_eq(
  $$select e.event_id, e.payload = to_jsonb(repeat('ab', 1000000)), length(e.key)
    from rota.events as e where e.type = 'big'$$,
  'select g.fourth, true, 500 from given as g', 'also one of 2 MB'
);
select results_eq(
  'select distinct e.xid from rota_core.event as e', 'select pg_current_xact_id()',
  'by this transaction'
);
select is_empty(
  $$select e.event_id from rota_core.event as e where e.event_id % 1024 <> 0 or e.events <> 1$$,
  'one in each row of the log'
);
select throws_ok(
  $$do $do$ begin
    perform rota.emit('gone', 'x', '{}');
    raise exception using errcode = 'XX123', message = 'undone';
  end $do$ $$, 'XX123', 'undone', 'an emitter that fails'
);
select is_empty(
  'select from rota.events as e where e.topic = ''gone''', 'leaves nothing behind'
);

select * from finish();
rollback;
