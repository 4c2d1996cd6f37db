begin;
select plan(30);

-- given: a still clock and tasks
select test.set_clock('2026-01-01 12:00+00');
alter table rota_core.run alter column run_id restart with 1;
create schema app;
grant usage on schema app to rota_worker;
select rota.define_task('echo', 'test.echo');
create function app.events(events jsonb) returns void language sql as $$ select $$;
select rota.define_task('events', 'app.events', kind => 'batch');

select is(
  test.callers('rota.define_pipeline'), '{rota_admin}',
  'an administrator may define pipelines, and nobody else'
);

-- refusals
set local role rota_admin;
select is(
  test.refusal($$
    select rota.define_pipeline('p', '{}')
  $$),
  '22023 pipeline p must have 1 to 1,000 steps, not 0; '
  'select rota.define_pipeline(''content'', array[rota.step(''fetch'', ''fetch-content'')]);',
  'a pipeline has steps'
);
select is(
  test.refusal($$
    select rota.define_pipeline('p', array[rota.step('a', 'echo'), rota.step('a', 'echo')])
  $$),
  '22023 step a of pipeline p: the name stands 2 times; Give each step a name of its own.',
  'one name twice is refused'
);
select is(
  test.refusal($$
    select rota.define_pipeline('p', array[rota.step('a', 'echo', after => '{z}')])
  $$),
  '22023 step a of pipeline p: it comes after ''z'', which is not a step; Steps are a.',
  'so is an unknown dependency'
);
select is(
  test.refusal($$
    select rota.define_pipeline('p', array[rota.step('a', 'echo', '{c}'), rota.step('b', 'echo',
      '{a}'),
    rota.step('c', 'echo', '{b}'), rota.step('d', 'echo', '{a}')])
  $$),
  '22023 steps of pipeline p wait for each other: a -> b -> c -> a; '
  'Take one of them out of the other''s after.',
  'a cycle is named'
);
select is(
  test.refusal($$
    select rota.define_pipeline('p', array[rota.step('a', 'echo', '{a}')])
  $$),
  '22023 steps of pipeline p wait for each other: a -> a; '
  'Take one of them out of the other''s after.',
  'a step cannot wait for itself'
);
select is(
  test.refusal($$
    select rota.define_pipeline('p', array[rota.step('a', 'nope')])
  $$),
  '42704 step a of pipeline p: task ''nope'' does not exist; '
  'Define it first: select rota.define_task(''nope'', ''schema.function'');',
  'an unknown task is refused'
);
select is(
  test.refusal($$
    select rota.define_pipeline('p', array[rota.step('a', 'echo', compensate => 'nope')])
  $$),
  '42704 step a of pipeline p: task ''nope'' does not exist; '
  'Define it first: select rota.define_task(''nope'', ''schema.function'');',
  'also one that would compensate'
);
select is(
  test.refusal($$
    select rota.define_pipeline('p', array[rota.step('a', 'events')])
  $$),
  '22023 step a of pipeline p: task events is of kind batch, for the events of a subscription; '
  'Give the step a task of kind call, chunked or external, or a pipeline.',
  'a batch task is refused'
);
select is(
  test.refusal($$
    select rota.define_pipeline('p', array[rota.step('run', 'echo')])
  $$),
  '22023 step ''run'' of pipeline p: the name is not usable; '
  'Use 1 to 63 letters, digits, _ and -; run, element, index and signal have a meaning.',
  'run is no name for a step'
);
select is(
  test.refusal($$
    select rota.define_pipeline('p', array[rota.step('a')])
  $$),
  '22023 step a of pipeline p: it does nothing: give it a task, a wait_for or a start_delay; '
  'All arguments of a step: \df+ rota.step',
  'a step that does nothing is refused'
);
select is(
  test.refusal($$
    select rota.define_pipeline('p', array[rota.step('a', 'echo'), rota.step('b', 'echo',
      for_each => 'a.items')])
  $$),
  '22023 step b of pipeline p: for_each reads a, which is not among the steps before it; '
  'rota.step(''b'', ..., after => ''{a}'')',
  'elements come from a step before'
);
select is(
  test.refusal($$
    select rota.define_pipeline('p', array[rota.step('a', 'echo', for_each => 'run.x[*]')])
  $$),
  '22023 step a of pipeline p: for_each ''run.x[*]'' is no path: '
  'name a key of the input, such as fetch.items or run.ids; '
  'All arguments of a step: \df+ rota.step',
  'for_each is a plain path'
);
select is(
  test.refusal($$
    select rota.define_pipeline('p', array[rota.step('a', 'echo', when_path => '$.b > 1')])
  $$),
  '22023 step a of pipeline p: when_path reads b, which is not among the steps before it; '
  'rota.step(''a'', ..., after => ''{b}'')',
  'so does a condition'
);
select is(
  test.refusal($$
    select rota.define_pipeline('p', array[rota.step('a', 'echo', on_failure => 'ignore')])
  $$),
  '22023 step a of pipeline p: on_failure must be fail, skip, continue or compensate, not ignore; '
  'All arguments of a step: \df+ rota.step',
  'an unknown policy is refused'
);
select is(
  test.refusal($$
    select rota.define_pipeline('p', array[rota.step('a', 'echo', max_parallel => 2)])
  $$),
  '22023 step a of pipeline p: '
  'max_parallel says how many elements of for_each run at once, and there is no for_each; '
  'All arguments of a step: \df+ rota.step',
  'max_parallel needs elements'
);
select is(
  test.refusal($$
    select rota.define_pipeline('p', array[rota.step('a', 'echo') || '{"retries": 3}'])
  $$),
  '22023 step a of pipeline p: a step cannot have retries; All arguments of a step: \df+ rota.step',
  'what a step does not have is named'
);
select alike(
  test.refusal($$
    select rota.define_pipeline('p', array[rota.step('a', 'echo', when_path => '$.run >')])
  $$),
  '22023 step a of pipeline p: when_path $.run > cannot be understood: syntax error%',
  'a condition that is no jsonpath is refused'
);
select is(
  test.refusal($$select rota.define_pipeline('echo', array[rota.step('a', 'echo')])$$),
  '42710 task echo exists and is no pipeline; '
  'Choose another name, or first: select rota.drop_task(''echo'');',
  'a task of that name is not replaced'
);
select is(
  test.refusal($$select rota.define_pipeline('p', array[rota.step('a', 'echo')], '2 years')$$),
  '22023 timeout of pipeline p must be longer than zero and at most 1 year; '
  'A run that has not ended by then fails; 30 days is the default.',
  'a timeout has bounds'
);
select is_empty('select from rota.pipelines', 'after the refusals there is no pipeline');

-- the deed
select is(
  rota.define_pipeline('p', array[rota.step('a', 'echo'), rota.step('b', 'echo', '{a}')],
    alert => 'ops', tags => '{x}'),
  'p', 'a pipeline is defined'
);
select results_eq(
  'select p.name, p.version, p.timeout, p.alert, p.tags, p.paused, p.defined_by
    from rota.pipelines as p',
  $$values ('p', 1, interval '30 days', 'ops', '{x}'::text[], false, 'rota_admin'::name)$$,
  'it is shown'
);
select is(
  (select p.steps from rota.pipelines as p),
  '[{"name": "a", "task": "echo"}, {"name": "b", "task": "echo", "after": ["a"]}]',
  'with its steps as they were given'
);
select is(
  (select t.kind from rota.tasks as t where t.name = 'p'), 'pipeline', 'it is a task'
);
select rota.define_pipeline('p', array[rota.step('a', 'echo'), rota.step('b', 'echo', '{a}')],
  timeout => '1 h');
select results_eq(
  'select p.version, p.timeout, p.alert, p.tags from rota.pipelines as p',
  $$values (1, interval '1 h', null::text, '{}'::text[])$$,
  'the same steps are the same version, and what is left out has its default again'
);
select rota.define_pipeline('p', array[rota.step('a', 'echo')]);
select results_eq(
  'select p.version, p.timeout from rota.pipelines as p', $$values (2, interval '30 days')$$,
  'other steps are another version'
);
select rota.define_pipeline('outer', array[rota.step('in', 'p')]);
select is(
  test.refusal($$select rota.define_pipeline('p', array[rota.step('x', 'outer')])$$),
  '22023 pipeline p would start itself: p -> outer -> p; '
  'A run would never end. Take one of the steps out.',
  'a pipeline cannot start itself, not even through another'
);
select is(
  test.refusal($$select rota.define_task('p', 'test.echo')$$),
  '42710 task p is a pipeline; Choose another name, or first: select rota.drop_pipeline(''p'');',
  'nor is it replaced by a task'
);
select is(
  test.refusal($$select rota.drop_task('echo')$$),
  'RT002 task echo is still used; Drop or change those first.', 'its tasks are in use'
);
reset role;

select * from finish();
rollback;
