begin;
select plan(15);

-- given: handlers of each kind in a schema that rota itself may not use
create schema app;
grant usage on schema app to rota_app;
create table app.seen (what text, who text);
grant select, insert on app.seen to rota_app;
create function app.double(input jsonb) returns jsonb
language sql as $$ select jsonb_build_object('n', 2 * (input ->> 'n')::int) $$;
create function app.note() returns void
language sql as $$ insert into app.seen (what, who) values ('note', current_user) $$;
create function app.note(input jsonb) returns void
language sql as $$ insert into app.seen (what, who) values (input::text, current_user) $$;
create function app.count(input jsonb, state jsonb) returns jsonb
language sql as $$
  select case when n.n >= (input ->> 'total')::int
    then jsonb_build_object('done', true, 'state', n.n, 'counted', n.n)
    else jsonb_build_object('state', n.n, 'rows', 1) end
  from (select coalesce(state::int, 0) + 1) as n (n)
$$;
create function app.wrong(input jsonb, state jsonb) returns jsonb
language sql as $$ select '{"finished": true}'::jsonb $$;
create function app.sum(events jsonb) returns jsonb
language sql as $$ select to_jsonb(jsonb_array_length(events)) $$;
set local client_min_messages = error;
select rota.define_task('double', 'app.double');
select rota.define_task('note', 'app.note', run_as => 'rota_reader');
select rota.define_task('count', 'app.count', kind => 'chunked');
select rota.define_task('wrong', 'app.wrong', kind => 'chunked');
select rota.define_task('sum', 'app.sum', kind => 'batch');
select rota.define_task('http', null, kind => 'external');
select rota.define_task('charge', 'app.double', callers => '{rota_reader}');
select rota.define_task('gone', 'app.double');
create function app.gone() returns void language sql as $$ select $$;
select rota.define_task('gone', 'app.gone');
drop function app.gone();

select is(
  test.callers('rota.call_task'), '{rota_admin,rota_app}',
  'applications and administrators may call, and nobody else'
);

set local role rota_app;

-- refusals
select throws_ok(
  $$select rota.call_task('nowhere')$$, '42704', 'task ''nowhere'' does not exist',
  'an unknown task is refused'
);
select throws_ok(
  $$select rota.call_task('charge')$$, '42501', 'rota_app may not start task charge',
  'a task that is for others is refused'
);
select throws_ok(
  $$select rota.call_task('double', '[]')$$, '22023',
  'input of task double must be a JSON object, not array', 'input is an object'
);
select is(
  test.refusal($$select rota.call_task('http')$$),
  '22023 task http is done outside the database; select * from rota.start(''http'');',
  'a task that is done outside is refused'
);
select throws_ok(
  $$select rota.call_task('gone')$$, '42704', 'handler app.gone does not exist',
  'a handler that was dropped meanwhile is refused'
);
select throws_ok(
  $$select rota.call_task('wrong')$$, 'RT005', 'a chunked handler answered in the wrong shape',
  'so is an answer in the wrong shape'
);
select throws_ok(
  $$select rota.call_task('double', '{"n": "x"}')$$, '22P02',
  'invalid input syntax for type integer: "x"', 'what the handler raises is raised'
);

-- the deed
select is(rota.call_task('double', '{"n": 21}'), '{"n": 42}', 'a handler is called and answers');
select is(
  rota.call_task('note', '{"a": 1}'), null, 'one that answers nothing does, of two with its name'
);
select results_eq(
  'select s.what, s.who from app.seen as s', $$values ('{"a": 1}', 'rota_app')$$,
  'with the rights of the caller, whatever the task would run as'
);
select is(
  rota.call_task('count', '{"total": 5}'), '{"counted": 5}', 'a chunked one is called until done'
);
select is(rota.call_task('sum', '{"events": [1, 2]}'), '2', 'a batch one is given its events');
select is(rota.call_task('sum'), '0', 'or none');
reset role;
select is_empty(
  $$select r.run_id from rota_core.run as r
    union all
    select f.run_id from rota_core.finished_run as f$$,
  'no run is recorded'
);

select * from finish();
rollback;
