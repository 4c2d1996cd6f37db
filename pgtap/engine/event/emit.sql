begin;
select plan(18);

-- given: a still clock
create or replace function rota_core.wall_clock() returns timestamptz
language sql as $$ select timestamptz '2026-01-01 12:00+00' $$;

create function pg_temp.refusal(statement text) returns text
language plpgsql as $$
begin
  execute statement;
  return 'done';
exception when others then
  return format('%s %s', sqlstate, sqlerrm);
end;
$$;

select results_eq(
  $$select r.role
    from unnest('{public,rota_admin,rota_app,rota_monitor,rota_reader,rota_worker}'::text[])
      as r (role)
    where has_function_privilege(r.role, 'rota.emit'::regproc, 'execute')$$,
  $$values ('rota_admin'), ('rota_app'), ('rota_worker')$$,
  'applications, administrators and handlers may emit'
);

set local role rota_app;

-- refusals
select is(
  pg_temp.refusal(format('select rota.emit(%L, ''t'', ''{}'')', t.topic)), t.said,
  format('refused: %s', t.said)
)
from (
  values
  (null, '22023 topic NULL is not valid'),
  ('', '22023 topic '''' is not valid'),
  ('public.*', '22023 topic ''public.*'' is not valid'),
  (repeat('x', 201), format('22023 topic ''%s'' is not valid', repeat('x', 201))),
  (e'a\nb', e'22023 topic ''a\nb'' is not valid')
) as t (topic, said);
select is(
  pg_temp.refusal(format('select rota.emit(''t'', %L, ''{}'')', t.type)),
  format('22023 type %s is not valid', quote_nullable(t.type)),
  format('a type that is %s is refused', coalesce(left(t.type, 5), 'null'))
)
from unnest(array[null, '', repeat('x', 201)]) as t (type);
select is(
  pg_temp.refusal(format('select rota.emit(''t'', ''t'', ''{}'', key => %L)', t.key)),
  '22023 key must be 1 to 500 bytes long', format('a key of %s bytes is refused', length(t.key))
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
select is(
  pg_temp.refusal($$do $do$ begin
    perform rota.emit('gone', 'x', '{}');
    raise exception using errcode = 'XX123', message = 'undone';
  end $do$ $$), 'XX123 undone', 'an emitter that fails'
);
select is_empty(
  'select from rota.events as e where e.topic = ''gone''', 'leaves nothing behind'
);

select * from finish();
rollback;
