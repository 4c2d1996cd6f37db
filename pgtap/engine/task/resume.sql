begin;
select plan(11);

-- given: a still clock, what is paused, and a run queued meanwhile
create or replace function rota_core.wall_clock() returns timestamptz
language sql as $$ select timestamptz '2026-01-01 12:00+00' $$;

create schema app;
grant usage on schema app to rota_worker;
create function app.f() returns void language sql as $$ select $$;
select rota.define_task('report', 'app.f');
select rota.define_schedule('nightly', '0 3 * * *', task => 'report');
select rota.pause('task', 'report');
select rota.pause('lane', 'default');
select rota.pause('schedule', 'nightly');
update rota_core.schedule set next_at = '2026-01-01 03:00+00';
select rota.start('report');

create function pg_temp.refusal(statement text) returns text
language plpgsql as $$
declare v_hint text;
begin
  execute statement;
  return 'done';
exception when others then
  get stacked diagnostics v_hint = pg_exception_hint;
  return format('%s %s; %s', sqlstate, sqlerrm, v_hint);
end;
$$;

select results_eq(
  $$select r.role
    from unnest('{public,rota_admin,rota_app,rota_monitor,rota_reader,rota_worker}'::text[])
      as r (role)
    where has_function_privilege(r.role, 'rota.resume'::regproc, 'execute')$$,
  $$values ('rota_admin')$$,
  'an administrator may resume, and nobody else'
);

set local role rota_admin;

-- refusals
select is(
  pg_temp.refusal('select rota.resume(''everything'', ''report'')'),
  '22023 kind ''everything'' cannot be paused; Kinds are task, schedule, lane and subscription.',
  'an unknown kind is refused'
);
select is(
  pg_temp.refusal('select rota.resume(''task'', ''nightly'')'),
  '42704 task ''nightly'' does not exist; See what exists: select name from rota.tasks;',
  'an unknown name is refused'
);

-- the deed
select lives_ok('select rota.resume(''task'', ''report'')', 'a task goes on');
select lives_ok('select rota.resume(''task'', ''report'')', 'twice is harmless');
select lives_ok('select rota.resume(''lane'', ''default'')', 'a lane goes on');
select lives_ok('select rota.resume(''schedule'', ''nightly'')', 'a schedule goes on');
reset role;
select is_empty('select from rota_core.pause', 'nothing is paused any more');
select results_eq(
  'select r.limited, r.state from rota_core.run as r', $$values (false, 'queued')$$,
  'the run that waited is among the others again'
);
select results_eq(
  'select s.slot, s.outcome from rota.slots as s',
  $$values (timestamptz '2026-01-01 03:00+00', 'skipped')$$,
  'the slot that passed in the pause is recorded as skipped'
);
select results_eq(
  'select s.next_at from rota_core.schedule as s',
  $$values (timestamptz '2026-01-02 03:00+00')$$,
  'and the next one is counted from now'
);

select * from finish();
rollback;
