begin;
select plan(8);

-- given: two watches, one with a key of two columns, and what they captured
insert into rota_core.watch (
  watch_id, relation, schema_name, table_name, topic, operations, key, level, defined_at,
  defined_by, definition
)
overriding system value
values
  (-1, 1, 'public', 'users', 'public.users', '{INSERT}', '{id}', 'statement', 'epoch', 'x', '{}'),
  (-2, 2, 'public', 'pairs', 'pairs', '{INSERT}', '{a,b}', 'statement', 'epoch', 'x', '{}'),
  (-3, 3, 'public', 'keyless', 'keyless', '{INSERT}', null, 'statement', 'epoch', 'x', '{}');
insert into rota_core.event (event_id, watch_id, topic, type, events, record, old_record)
values
  (1024, -1, 'public.users', 'INSERT', 3, '[{"id":1},{"id":2},{"id":null}]', null),
  (2048, -1, 'public.users', 'UPDATE', 2, '[{"id":1,"n":2},{"id":3}]', '[{"id":1},{"id":2}]'),
  (3072, -1, 'public.users', 'DELETE', 2, null, '[{"id":1},{"id":3}]'),
  (4096, -1, 'public.users', 'TRUNCATE', 1, null, null),
  (5120, -2, 'pairs', 'INSERT', 2, '[{"a":1,"b":"x"},{"a":1,"b":null}]', null),
  (6144, -3, 'keyless', 'INSERT', 1, '[{"id":1}]', null);
insert into rota_core.event (event_id, topic, type, key, record)
values (7168, 'public.users', 'said', 'k', '[{"x":1}]'), (8192, 'said', 'nothing', null, '[null]');

select results_eq(
  $$select r.role
    from unnest('{public,rota_admin,rota_app,rota_monitor,rota_reader,rota_worker}'::text[])
      as r (role)
    where has_table_privilege(r.role, 'rota.events', 'select')$$,
  $$values ('rota_admin'), ('rota_reader')$$,
  'administrators and readers may look'
);

set local role rota_reader;
select results_eq(
  $$select
      e.event_id, e.topic, e.type, e.key,
      format('%s.%s', e.schema_name, e.table_name) collate "default"
    from rota.events as e order by e.event_id$$,
  $$values
    (1024::bigint, 'public.users', 'INSERT', '1', 'public.users'),
    (1025, 'public.users', 'INSERT', '2', 'public.users'),
    (1026, 'public.users', 'INSERT', null, 'public.users'),
    (2048, 'public.users', 'UPDATE', '1', 'public.users'),
    (2049, 'public.users', 'UPDATE', '3', 'public.users'),
    (3072, 'public.users', 'DELETE', '1', 'public.users'),
    (3073, 'public.users', 'DELETE', '3', 'public.users'),
    (4096, 'public.users', 'TRUNCATE', null, 'public.users'),
    (5120, 'pairs', 'INSERT', '["1","x"]', 'public.pairs'),
    (5121, 'pairs', 'INSERT', null, 'public.pairs'),
    (6144, 'keyless', 'INSERT', null, 'public.keyless'),
    (7168, 'public.users', 'said', 'k', '.'),
    (8192, 'said', 'nothing', null, '.')$$,
  'one row for each event, with its key'
);
select results_eq(
  $$select e.event_id, e.record, e.old_record, e.payload
    from rota.events as e where e.type = $$ || quote_literal(t.type) || $$ order by e.event_id$$,
  t.wanted, format('what is in an %s', t.type)
)
from (
  values
  ('INSERT', $$values
    (1024::bigint, '{"id": 1}'::jsonb, null::jsonb, null::jsonb),
    (1025, '{"id": 2}', null, null), (1026, '{"id": null}', null, null),
    (5120, '{"a": 1, "b": "x"}', null, null), (5121, '{"a": 1, "b": null}', null, null),
    (6144, '{"id": 1}', null, null)$$),
  ('UPDATE', $$values
    (2048::bigint, '{"id": 1, "n": 2}'::jsonb, '{"id": 1}'::jsonb, null::jsonb),
    (2049, '{"id": 3}', '{"id": 2}', null)$$),
  ('DELETE', $$values
    (3072::bigint, null::jsonb, '{"id": 1}'::jsonb, null::jsonb),
    (3073, null, '{"id": 3}', null)$$),
  ('TRUNCATE', $$values (4096::bigint, null::jsonb, null::jsonb, null::jsonb)$$),
  ('said', $$values (7168::bigint, null::jsonb, null::jsonb, '{"x": 1}'::jsonb)$$),
  ('nothing', $$values (8192::bigint, null::jsonb, null::jsonb, 'null'::jsonb)$$)
) as t (type, wanted);

select * from finish();
rollback;
