begin;
select plan(22);

-- given: a still clock, tasks that do one thing each
select test.set_clock('2026-01-01 12:00+00');
alter table rota_core.run alter column run_id restart with 1;
create schema app;
grant usage on schema app to rota_worker;
select rota.define_task('echo', 'test.echo');
select rota.define_task('fails', 'test.fails', max_attempts => 1);
create function app.twice(input jsonb) returns jsonb
language sql as $$ select to_jsonb((input ->> 'element')::int * 2) $$;
create function app.odd(input jsonb) returns jsonb
language plpgsql as $$
begin
  if (input ->> 'element')::int % 2 = 0 then
    raise exception '% is even', input ->> 'element';
  end if;
  return input -> 'element';
end;
$$;
create function app.items(input jsonb) returns jsonb
language sql as $$ select '{"items": [1, 2, 3, 4, 5]}'::jsonb $$;
create table app.undone (at int generated always as identity, input jsonb);
create function app.undo(input jsonb) returns void
language sql as $$ insert into app.undone (input) values (input) $$;
select rota.define_task(t.name, 'app.' || t.name, max_attempts => 1)
from unnest('{twice,odd,items,undo}'::text[]) as t (name);

create function pg_temp.states(run_id bigint) returns text
language sql as $$
  select r.state || ': ' || string_agg(s.step || ' ' || s.state, ', ' order by s.ordinal)
  from rota.runs as r
  join rota.pipeline_steps as s on s.run_id = r.run_id
  where r.run_id = states.run_id
  group by r.state
$$;
create function pg_temp.run_of(steps jsonb[], input jsonb default '{}') returns bigint
language plpgsql as $$
declare v_run_id bigint;
begin
  perform rota.define_pipeline('p', steps);
  select s.run_id into v_run_id from rota.start('p', input) as s;
  perform test.work();
  return v_run_id;
end;
$$;
create temp table r (name text primary key, run_id bigint);
-- the deed: inputs and outputs
insert into r select 'diamond', pg_temp.run_of(array[
  rota.step('a', 'echo'), rota.step('b', 'echo', '{a}'), rota.step('c', 'echo', '{a}'),
  rota.step('d', 'twice', '{b,c}', for_each => 'b.a.run.list')], '{"list": [1, 2]}');
select is(
  (select u.output from rota.runs as u join r on r.run_id = u.run_id where r.name = 'diamond'),
  '{"d": [2, 4]}', 'the output is that of the steps that none comes after'
);
select results_eq(
  $$select u.step, u.input from rota.runs as u join r on r.run_id = u.parent_run_id
    where r.name = 'diamond' and u.step in ('a', 'b') order by u.run_id$$,
  $$values
    ('a', '{"run": {"list": [1, 2]}}'::jsonb),
    ('b', '{"a": {"run": {"list": [1, 2]}}, "run": {"list": [1, 2]}}')$$,
  'a step gets the input of the run and the outputs of the steps before it'
);
select results_eq(
  $$select u.element, u.input - 'c', u.key from rota.runs as u join r on r.run_id = u.parent_run_id
    where r.name = 'diamond' and u.step = 'd' order by u.element$$,
  $$select e.i, jsonb_build_object('element', e.i + 1, 'index', e.i, 'run', '{"list": [1,
    2]}'::jsonb,
      'b', '{"a": {"run": {}}, "run": {"list": [1, 2]}}'::jsonb), concat_ws(':', r.run_id, 'd', e.i)
    from generate_series(0, 1) as e (i) cross join r where r.name = 'diamond' order by e.i$$,
  'an element stands in place of the array, and each has a key'
);

-- conditions
select is(
  pg_temp.states(pg_temp.run_of(array[
    rota.step('a', 'items'), rota.step('b', 'echo', '{a}', when_path => '$.a.items.size() > 5'),
    rota.step('c', 'echo', '{b}'), rota.step('d', 'echo', '{a}')])),
  'succeeded: a succeeded, b skipped, c skipped, d succeeded',
  'a step is skipped by its condition, and what comes after it too'
);
select is(
  pg_temp.states(pg_temp.run_of(array[
    rota.step('a', 'items'),
    rota.step('b', 'echo', '{a}', when_path => '$.a.none', on_failure => 'continue'),
    rota.step('c', 'echo', '{b}'), rota.step('d', 'echo', '{a}',
      when_path => '$.a.items[*] ? (@ > 4)')])),
  'succeeded: a succeeded, b skipped, c succeeded, d succeeded',
  'unless it lets them go on'
);

-- failures
select is(
  pg_temp.states(pg_temp.run_of(array[
    rota.step('a', 'fails'), rota.step('b', 'echo', '{a}'), rota.step('c', wait_for => 'go')])),
  'failed: a failed, b cancelled, c cancelled', 'a run fails with its step'
);
select is(
  pg_temp.states(pg_temp.run_of(array[
    rota.step('a', 'fails', on_failure => 'skip'), rota.step('b', 'echo', '{a}'),
    rota.step('c', 'echo')])),
  'succeeded: a failed, b skipped, c succeeded', 'or skips what comes after it'
);
insert into r select 'goes on', pg_temp.run_of(array[
  rota.step('a', 'fails', on_failure => 'continue'), rota.step('b', 'echo', '{a}')]);
select is(
  (select u.output from rota.runs as u join r on r.run_id = u.run_id where r.name = 'goes on'),
  '{"b": {"a": null, "run": {}}}', 'or goes on with null'
);
insert into r select 'undone', pg_temp.run_of(array[
  rota.step('a', 'echo', compensate => 'undo'), rota.step('b', 'items', '{a}',
    compensate => 'undo'),
  rota.step('c', 'fails', '{b}', on_failure => 'compensate'), rota.step('d', 'echo', '{c}')],
  '{"n": 1}');
select is(
  pg_temp.states((select r.run_id from r where r.name = 'undone')),
  'failed: a succeeded, b succeeded, c failed, d cancelled', 'or what was done is compensated'
);
select results_eq(
  'select u.input from app.undone as u order by u.at',
  $$values
    ('{"run": {"n": 1}, "step": "b", "state": "succeeded", "output": {"items": [1, 2, 3, 4, 5]},
      "error": null}'::jsonb),
    ('{"run": {"n": 1}, "step": "a", "state": "succeeded", "output": {"run": {"n": 1}},
      "error": null}')$$,
  'the last first'
);
select is(
  (select u.error - 'context' - 'run_id' from rota.runs as u join r on r.run_id = u.run_id
    where r.name = 'undone'),
  '{"step": "c", "sqlstate": "P0001", "message": "no paper"}', 'the run says which step failed'
);

-- elements
select is(
  pg_temp.states(pg_temp.run_of(array[
    rota.step('a', 'items'), rota.step('b', 'odd', '{a}', for_each => 'a.items'),
    rota.step('c', 'echo', '{b}')])),
  'failed: a succeeded, b failed, c cancelled', 'one element that fails is the failure of the step'
);
insert into r select 'tolerant', pg_temp.run_of(array[
  rota.step('a', 'items'),
  rota.step('b', 'odd', '{a}', for_each => '$.a.items', on_failure => 'continue',
    max_parallel => 2),
  rota.step('c', 'echo', '{b}')]);
select is(
  (select u.output -> 'c' -> 'b' from rota.runs as u join r on r.run_id = u.run_id
    where r.name = 'tolerant'),
  '[1, null, 3, null, 5]', 'where it is tolerated, the others stand in order'
);
select is(
  pg_temp.states(pg_temp.run_of(array[
    rota.step('b', 'twice', for_each => 'run.list'), rota.step('c', 'echo', '{b}')],
    '{"list": []}')),
  'succeeded: b succeeded, c succeeded', 'an empty array is done at once'
);
insert into r select 'no array', pg_temp.run_of(array[
  rota.step('b', 'twice', for_each => 'run.list')], '{"list": {"a": 1}}');
select is(
  (select u.error ->> 'message' from rota.runs as u join r on r.run_id = u.run_id
    where r.name = 'no array'),
  'for_each run.list is no array but object', 'what is no array is an error'
);
select is(
  (select u.error ->> 'hint' from rota.runs as u join r on r.run_id = u.run_id
    where r.name = 'no array'),
  'Start the pipeline with an array there.', 'which says whose it is'
);
insert into r select 'many', pg_temp.run_of(array[
  rota.step('b', 'twice', for_each => 'run.list')],
  jsonb_build_object('list', (select jsonb_agg(i) from generate_series(1, 10001) as i)));
select is(
  (select u.error ->> 'message' from rota.runs as u join r on r.run_id = u.run_id
    where r.name = 'many'),
  'for_each run.list has 10001 elements; at most 10,000 can be', 'so is one that is too long'
);

-- runs that belong to steps
insert into r select 'inner', pg_temp.run_of(array[rota.step('x', 'echo'), rota.step('y', 'items',
  '{x}')]);
select rota.define_pipeline('outer', array[rota.step('in', 'p'), rota.step('z', 'echo', '{in}')]);
insert into r select 'outer', s.run_id from rota.start('outer', '{"n": 1}',
  tags => '{user:1}') as s;
select test.work();
select is(
  (select u.output from rota.runs as u join r on r.run_id = u.run_id where r.name = 'outer'),
  '{"z": {"in": {"y": {"items": [1, 2, 3, 4, 5]}}, "run": {"n": 1}}}', 'a step may be a pipeline'
);
select is_empty(
  $$select u.run_id from rota.runs as u where u.origin like 'pipeline:%' and u.tags <> '{user:1}'
    and u.run_id > (select r.run_id from r where r.name = 'outer')$$,
  'its runs carry the tags of the run'
);
select results_eq(
  $$select u.progress from rota.runs as u join r on r.run_id = u.run_id
    where r.name in ('outer', 'undone') order by u.run_id desc$$,
  $$values ('{"done": 2, "total": 2}'::jsonb), ('{"done": 2, "total": 4}')$$,
  'a run shows how many of its steps are done'
);
select is(
  rota.retry((select r.run_id from r where r.name = 'many')), 'failed',
  'a run that cannot but fail fails again'
);
select throws_ok(
  format('select rota.retry(%s)', (select max(u.run_id) from rota.runs as u
    where u.step = 'b' and u.state = 'failed')),
  'RT001', null, 'but not a step by itself'
);

select * from finish();
rollback;
