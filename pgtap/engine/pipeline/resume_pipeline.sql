begin;
select plan(12);

-- given: a still clock, and tasks that fail for as long as a table says
select test.set_clock('2026-01-01 12:00+00');
alter table rota_core.run alter column run_id restart with 1;
create schema app;
grant usage on schema app to rota_worker;
select rota.define_task('echo', 'test.echo');
create table app.broken (name text);
create table app.done (at int generated always as identity, what text);
create function app.tries(input jsonb) returns jsonb
language plpgsql as $$
begin
  if exists (select from app.broken as b where b.name = coalesce(input ->> 'element',
    'single')) then
    raise exception 'broken';
  end if;
  insert into app.done (what) values (coalesce(input ->> 'element', 'single'));
  return coalesce(input -> 'element', to_jsonb(1));
end;
$$;
create function app.undo(input jsonb) returns void
language sql as $$ insert into app.done (what) values ('undo ' || (input ->> 'step')) $$;
select rota.define_task('tries', 'app.tries', max_attempts => 1);
select rota.define_task('undo', 'app.undo');
select rota.define_pipeline('p', array[
  rota.step('a', 'echo'), rota.step('b', 'tries', '{a}'), rota.step('c', 'echo', '{b}')]);
select rota.define_pipeline('map', array[
  rota.step('m', 'tries', for_each => 'run.list', max_parallel => 2), rota.step('c', 'echo',
    '{m}')]);
select rota.define_pipeline('saga', array[
  rota.step('a', 'tries', compensate => 'undo'),
  rota.step('b', 'echo', '{a}'),
  rota.step('c', 'tries', '{b}', for_each => 'run.list', on_failure => 'compensate')]);
select rota.define_pipeline('outer', array[rota.step('in', 'p'), rota.step('z', 'echo', '{in}')]);

-- the deed
insert into app.broken values ('single'), ('4');
select rota.start('p');
select rota.start('map', '{"list": [1, 2, 3, 4, 5, 6]}');
select rota.start('outer');
select test.work();
select results_eq(
  'select u.run_id, u.state from rota.runs as u where u.step is null order by u.run_id',
  $$values (1::bigint, 'failed'), (2, 'failed'), (3, 'failed')$$, 'three runs failed'
);
create temp table before as select u.run_id, u.step, u.parent_run_id from rota.runs as u;
truncate app.broken;
select is(rota.retry(1), 'running', 'a run goes on');
select rota.retry(2);
select rota.retry(3);
select test.work();
select results_eq(
  'select u.run_id, u.state, u.attempt from rota.runs as u where u.run_id < 4 order by u.run_id',
  $$values (1::bigint, 'succeeded', 2), (2, 'succeeded', 2), (3, 'succeeded', 2)$$,
  'and succeeds when its step does'
);
select results_eq(
  $$select u.run_id, u.attempt from rota.runs as u where u.parent_run_id = 1 and u.step in ('a',
    'b')
    order by u.run_id$$,
  $$select b.run_id, case b.step when 'a' then 1 else 2 end from before as b
    where b.parent_run_id = 1 and b.step in ('a', 'b') order by b.run_id$$,
  'the run of the failed step is queued again, and those that succeeded are not'
);
select is(
  (select u.output -> 'c' -> 'm' from rota.runs as u where u.run_id = 2), '[1, 2, 3, 4, 5, 6]',
  'elements that had succeeded keep their outputs'
);
select results_eq(
  $$select d.what, count(*) from app.done as d where d.what <> 'single' group by d.what
    order by d.what$$,
  $$select i::text, 1::bigint from generate_series(1, 6) as i$$, 'and are not done twice'
);
select results_eq(
  'select u.state from rota.runs as u where u.parent_run_id = 3 order by u.run_id',
  $$values ('succeeded'), ('succeeded')$$, 'a pipeline within goes on from its failed step too'
);

select is(
  rota.retry(1, from_step => 'b'), 'running', 'one that succeeded is done again from a step on'
);
select test.work();
select results_eq(
  $$select u.step, count(*), max(u.key) from rota.runs as u where u.parent_run_id = 1
    group by u.step order by u.step$$,
  $$values ('a', 1::bigint, '1:a'), ('b', 2, '1:b:again2'), ('c', 2, '1:c:again2')$$,
  'with all that come after it, under another key'
);

truncate app.done;
insert into app.broken values ('4');
create temp table saga as select s.run_id from rota.start('saga', '{"list": [3, 4]}') as s;
select test.work();
select results_eq(
  'select d.what from app.done as d order by d.at', $$values ('single'), ('3'), ('undo a')$$,
  'what was done is compensated'
);
truncate app.broken;
select rota.retry(s.run_id) from saga as s;
select test.work();
select results_eq(
  'select d.what from app.done as d order by d.at',
  $$values ('single'), ('3'), ('undo a'), ('single'), ('3'), ('4')$$,
  'and done again on a retry, with what comes after it'
);
select is(
  (select u.state from rota.runs as u join saga as s on s.run_id = u.run_id), 'succeeded',
  'until it succeeds'
);

select * from finish();
rollback;
