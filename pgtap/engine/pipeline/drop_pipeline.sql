begin;
select plan(9);

-- given: a still clock, a pipeline that is used and one that has run
select test.set_clock('2026-01-01 12:00+00');
alter table rota_core.run alter column run_id restart with 1;
select rota.define_task('echo', 'test.echo');
select rota.define_pipeline('used', array[rota.step('a', 'echo')]);
select rota.define_pipeline('live', array[rota.step('a', 'echo')],
  doc => '{"redact": ["input.secret"]}');
select rota.define_schedule('nightly', '0 3 * * *', task => 'used');
select rota.start('live', '{"secret": "s3cret"}');

select is(
  test.callers('rota.drop_pipeline'), '{rota_admin}',
  'an administrator may drop pipelines, and nobody else'
);

-- refusals
set local role rota_admin;
select is(
  test.refusal($$select rota.drop_pipeline('echo')$$),
  '42704 pipeline ''echo'' does not exist; See what exists: select name from rota.pipelines;',
  'a task is none'
);
select is(
  test.refusal($$select rota.drop_pipeline('used')$$),
  'RT002 pipeline used is still used; Drop or change those first.', 'one that is started is kept'
);
select is(
  test.refusal($$select rota.drop_pipeline('live')$$),
  'RT002 pipeline live has 1 queued and 0 running runs; '
  'select rota.drop_pipeline(''live'', queued_runs => ''cancel'');',
  'so is one with live runs'
);
select is(
  test.refusal($$select rota.drop_task('live')$$),
  '22023 task live is a pipeline; select rota.drop_pipeline(''live'');',
  'it is not dropped as a task'
);

-- the deed
select rota.drop_schedule('nightly');
select rota.drop_pipeline('used');
select results_eq(
  'select p.name from rota.pipelines as p', $$values ('live')$$, 'it is gone'
);
select is_empty($$select from rota.tasks as t where t.name = 'used'$$, 'as a task too');
select lives_ok(
  $$select rota.drop_pipeline('live', queued_runs => 'cancel')$$, 'one with queued runs when told'
);
reset role;
select results_eq(
  'select f.state, f.input from rota_core.finished_run as f',
  $$values ('cancelled', '{"secret": "[redacted]"}'::jsonb)$$,
  'they went to history as cancelled, without what the views of the pipeline hid'
);

select * from finish();
rollback;
