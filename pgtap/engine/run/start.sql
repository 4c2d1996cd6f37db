begin;
select plan(21);

-- given: a still clock, a task for everybody, one for some, one that stands still
select test.set_clock('2026-01-01 12:00+00');
create role rota_test_shop nologin;
create role rota_test_blog nologin;
grant rota_app to rota_test_shop, rota_test_blog;
select rota.define_task('report', 'test.f', priority => 3, tags => '{daily}');
select rota.define_task('charge', 'test.f', callers => '{rota_test_shop}');
select rota.define_task('still', 'test.f');
select rota.pause('task', 'still');

select is(
  test.callers('rota.start'), '{rota_admin,rota_app,rota_worker}',
  'applications, administrators and handlers may start, and nobody else'
);

set local role rota_test_blog;

-- refusals
select is(
  test.refusal('select rota.start(''nowhere'')'),
  '42704 task ''nowhere'' does not exist; See what exists: select name from rota.tasks;',
  'an unknown task is refused'
);
select throws_ok('select rota.start(null)', '42704', 'task NULL does not exist', 'so is none');
select is(
  test.refusal('select rota.start(''charge'')'),
  '42501 rota_test_blog may not start task charge; '
  'Define the task with this role among its callers.',
  'a task that is for others is refused'
);
select is(
  test.refusal(format('select rota.start(''report'', %s)', i.input)),
  format('22023 input of task report must be a JSON object, not %s; '
    'select * from rota.start(''report'', ''{"id": 1}'');', i.type),
  format('input is an object, not %s', i.type)
)
from (
  values ('''[1]''', 'array'), ('''"x"''', 'string'), ('''7''', 'number'),
  ('''null''', 'null'), ('null', 'null')
) as i (input, type);
select is(
  test.refusal(format('select rota.start(''report'', run_at => %L)', t.at)),
  '22023 run_at must be a finite time; '
  'To hold a task back for an open time: select rota.pause(''task'', ''name'');',
  format('not at %s', t.at)
)
from unnest('{infinity,-infinity}'::text[]) as t (at);
select is(
  test.refusal('select rota.start(''report'', on_key => ''ignore'')'),
  '22023 on_key must be return or retry_failed, not ''ignore''; '
  'select * from rota.start(''task'', key => ''order-17'', on_key => ''retry_failed'');',
  'there are two ways to treat a known key'
);
select is(
  left(test.refusal(format('select rota.start(''report'', key => %L)', k.key)), 40),
  '22023 key must be 1 to 500 bytes long; s', format('a key is not %s bytes long', length(k.key))
)
from unnest(array['', repeat('x', 501)]) as k (key);
reset role;
select is_empty('select from rota_core.run', 'after the refusals nothing is queued');
select is_empty('select from rota_core.run_key', 'and no key taken');

-- the deed
set local role rota_test_shop;
select results_eq(
  $$select s.is_new, s.state from rota.start('report', '{"id": 1}') as s$$,
  $$values (true, 'queued')$$,
  'a run is queued'
);
select results_eq(
  $$select s.is_new, s.state from rota.start('charge', run_at => '2026-01-02 00:00+00',
      priority => -1, tags => '{user:42}') as s$$,
  $$values (true, 'queued')$$,
  'by who is among the callers; later, at another priority, with tags'
);
set local role rota_admin;
select lives_ok('select rota.start(''charge'')', 'an administrator may start any');
select results_eq(
  'select s.is_new, s.state from rota.start(''still'') as s', $$values (true, 'queued')$$,
  'a paused task is queued'
);
reset role;
select results_eq(
  $$select
      r.task, r.state, r.input, r.run_at, r.priority, r.tags, r.limited, r.created_at, r.attempt
    from rota_core.run as r
    where r.created_by in ('rota_test_shop', 'rota_admin')
    order by r.run_id$$,
  $$values
    ('report', 'queued', '{"id": 1}'::jsonb, timestamptz '2026-01-01 12:00+00', 3,
      '{daily}'::text[], false, timestamptz '2026-01-01 12:00+00', 0),
    ('charge', 'queued', '{}', '2026-01-02 00:00+00', -1, '{user:42}', false,
      '2026-01-01 12:00+00', 0),
    ('charge', 'queued', '{}', '2026-01-01 12:00+00', 0, '{}', false, '2026-01-01 12:00+00', 0),
    ('still', 'queued', '{}', '2026-01-01 12:00+00', 0, '{}', true, '2026-01-01 12:00+00', 0)$$,
  'with what was said, and by whom'
);

select * from finish();
rollback;
