begin;
select plan(10);

-- given: a still clock and a task for some
select test.set_clock('2026-01-01 12:00+00');
select rota.define_task('send', 'test.f', priority => 2, concurrency => 4, tags => '{mail}');
select rota.define_task('charge', 'test.f', callers => '{rota_reader}');

select is(
  test.callers('rota.start_many'), '{rota_admin,rota_app,rota_worker}',
  'applications, administrators and handlers may start, and nobody else'
);

set local role rota_app;

-- refusals
select throws_ok(
  $$select rota.start_many('nowhere', '{}')$$, '42704', 'task ''nowhere'' does not exist',
  'an unknown task is refused'
);
select throws_ok(
  $$select rota.start_many('charge', array['{}'::jsonb])$$, '42501',
  'rota_app may not start task charge', 'a task that is for others is refused'
);
select is(
  test.refusal(
    $$select rota.start_many('send', array['{"id": 1}', '[2]', '{"id": 3}']::jsonb[])$$
  ),
  '22023 input 2 of 3 for task send is not a JSON object; '
  'Every input is an object such as {"id": 1}. Nothing was started.',
  'one input that is no object, and nothing is started'
);
select throws_ok(
  $$select rota.start_many('send', array['{}', null]::jsonb[])$$, '22023',
  'input 2 of 2 for task send is not a JSON object', 'nothing is no object either'
);
reset role;
select is_empty('select from rota_core.run', 'nothing was');

-- the deed
set local role rota_app;
select is_empty($$select rota.start_many('send', '{}')$$, 'no input, no run');
select is_empty($$select rota.start_many('send', null)$$, 'unknown inputs, no run');
create temp table ids as
select m.run_id, row_number() over () as ordinal
from rota.start_many('send', array(
  select jsonb_build_object('id', i.id) from generate_series(1, 1000) as i (id)
)) as m (run_id);
reset role;
select results_eq(
  $$select (r.input ->> 'id')::bigint from ids as i join rota_core.run as r using (run_id)
    order by i.ordinal$$,
  'select generate_series(1, 1000)::bigint',
  'a thousand runs, their ids in the order of the inputs'
);
select results_eq(
  $$select distinct
      r.task, r.state, r.priority, r.tags::text, r.limited, r.run_at, r.created_at,
      r.created_by = 'rota_app'
    from rota_core.run as r$$,
  $$values ('send', 'queued', 2, '{mail}', true, timestamptz '2026-01-01 12:00+00',
    timestamptz '2026-01-01 12:00+00', true)$$,
  'as the task says, by whom it was'
);

select * from finish();
rollback;
