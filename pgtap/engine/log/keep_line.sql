begin;
select plan(7);

-- given: a still clock, and a session that is in the first attempt of a run
select test.set_clock('2026-01-01 12:00+00');
create temp view kept as
select
  p.name,
  convert_from(decode(split_part(p.statement, '''', 2), 'hex'), 'UTF8')::jsonb as line
from pg_prepared_statements as p
where p.name like 'rota\_log\_%';
create function pg_temp.begin_attempt() returns void
language sql as $$
  select
    set_config('rota.log_bytes', '', true),
    set_config('rota.attempt',
      '5 1 ' || pg_stat_get_xact_numscans('rota_core.log_mark'::regclass), true);
$$;
select pg_temp.begin_attempt();

select is(test.callers('rota_core.keep_line'), '{}', 'it is internal');

set local role rota_worker;
select rota.log('info', 'one', '{"n": 1}');
do $$
begin
  perform rota.log('error', 'it''s "two"; ü', '{"n": 2}');
  raise exception 'undo it' using errcode = 'ZZ999';
exception when sqlstate 'ZZ999' then
  perform set_config('rota.undone', 'yes', true);
end;
$$;
reset role;

select is_empty('select from rota_core.log', 'inside an attempt no row is written');
select results_eq(
  $$select k.line from pg_temp.kept as k order by k.name$$,
  $$values
    ('{"at": "2026-01-01T12:00:00+00:00", "level": "info", "message": "one",
      "context": {"n": 1}}'::jsonb),
    ('{"at": "2026-01-01T12:00:00+00:00", "level": "error", "message": "it''s \"two\"; ü",
      "context": {"n": 2}}')$$,
  'the lines wait in the session, beyond a rollback'
);

-- limits
deallocate all;
select pg_temp.begin_attempt();
select count(rota.log('debug', 'line ' || n.n)) from generate_series(1, 1100) as n (n);
select is((select count(*) from kept), 1000::bigint, 'a thousand lines are kept of an attempt');
deallocate all;
select pg_temp.begin_attempt();
select count(rota.log('debug', repeat('x', 60000))) from generate_series(1, 30) as n (n);
select is((select count(*) from kept), 17::bigint, 'or a megabyte');

-- what a handler may have left behind
deallocate all;
select pg_temp.begin_attempt();
do $$ begin execute format('prepare rota_log_%s_1 as select 1', pg_backend_pid()); end $$;
set local client_min_messages = error;
select lives_ok($$select rota.log('info', 'taken')$$, 'a name that is taken is no error');
select set_config('rota.log_bytes', 'junk', true);
select lives_ok($$select rota.log('info', 'x')$$, 'nor is a setting that is not ours');
deallocate all;

select * from finish();
rollback;
