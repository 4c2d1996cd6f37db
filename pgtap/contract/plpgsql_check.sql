begin;
select plan(3);

-- What plpgsql_check cannot know. Everything else that it says is a finding.
create temp table excuse (proname text, message text, reason text) on commit drop;
insert into excuse (proname, message, reason)
values
  ('%', 'composite OUT variable % is not single argument', 'a record handed on from call to call'),
  ('%', 'OUT variable % is maybe unmodified', 'the columns of a dynamic statement'),
  ('ring_cron', 'cannot determinate a result of dynamic SQL', 'pg_cron may be missing'),
  ('run_batch', 'never read variable %', 'cheaper than perform'),
  ('try_delivery', 'text type variable is not sanitized', 'built with %I by define_task'),
  ('call_task', 'text type variable is not sanitized', 'built with %I when the task was defined'),
  ('make_capture', 'text type variable is not sanitized', 'quoted by search_path'),
  ('check_condition', 'text type variable is not sanitized', 'the caller''s text and rights'),
  ('cover_watch', 'text type variable is not sanitized', 'words of ours'),
  ('run_batch', 'text type variable is not sanitized', 'built with %I when the task was defined'),
  ('deliver', 'text type variable is not sanitized', 'built with %I by delivery_statement');

-- Where pg_cron is not installed, its tables and functions as rota uses them.
do $$
begin
  if to_regnamespace('cron') is null then
    create schema cron;
    create table cron.job (
      jobid bigint, schedule text, command text, nodename text, nodeport int, database text,
      username text, active boolean, jobname name
    );
    create table cron.job_run_details (
      jobid bigint, runid bigint, job_pid int, database text, username text, command text,
      status text, return_message text, start_time timestamptz, end_time timestamptz
    );
    create function cron.schedule(job_name text, schedule text, command text)
    returns bigint language sql as 'select 1';
    create function cron.unschedule(job_id bigint) returns boolean language sql as 'select true';
    create function cron.unschedule(job_name name)
    returns boolean language sql as 'select true';
    create function cron.alter_job(
      job_id bigint, schedule text default null, command text default null,
      database text default null, username text default null, active boolean default null
    ) returns void language sql as '';
  end if;
end;
$$;

create temp view our_function as
select
  p.oid,
  p.proname,
  p.oid::regprocedure::text as signature,
  p.prorettype
from pg_catalog.pg_proc as p
join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
join pg_catalog.pg_language as l on l.oid = p.prolang
where n.nspname in ('rota', 'rota_core') and l.lanname = 'plpgsql';

select is_empty(
  $$select f.signature from our_function as f
    where f.prorettype = 'trigger'::regtype
      and not exists (select from pg_catalog.pg_trigger as t where t.tgfoid = f.oid)$$,
  'each trigger function has a trigger to be checked with'
);

select case
  when not exists (select from pg_catalog.pg_extension as e where e.extname = 'plpgsql_check')
    then skip('plpgsql_check is not installed')
  else is_empty(
    $$select f.signature, c.lineno, c.level, c.sqlstate, c.message, c.detail, c.hint
      from our_function as f
      cross join lateral plpgsql_check.plpgsql_check_function_tb(
        f.oid, 0, fatal_errors => false, extra_warnings => true, performance_warnings => false,
        security_warnings => true
      ) as c
      where f.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
        and not exists (
          select from excuse as e where f.proname like e.proname and c.message like e.message
        )
        -- It counts the fields of a record that a CALL gives back as so many results.
        and (c.statement, c.message) is distinct from
          ('CALL', 'too many attributes for target variables')$$,
    'nothing is found in functions and procedures'
  )
end;

select case
  when not exists (select from pg_catalog.pg_extension as e where e.extname = 'plpgsql_check')
    then skip('plpgsql_check is not installed')
  else is_empty(
    $$select f.signature, t.tgrelid::regclass, c.lineno, c.level, c.sqlstate, c.message, c.hint
      from our_function as f
      join pg_catalog.pg_trigger as t on t.tgfoid = f.oid
      cross join lateral plpgsql_check.plpgsql_check_function_tb(
        f.oid, t.tgrelid, fatal_errors => false, extra_warnings => true,
        security_warnings => true,
        oldtable => t.tgoldtable, newtable => t.tgnewtable
      ) as c$$,
    'nothing is found in trigger functions, for each table they are used on'
  )
end;

select * from finish();
rollback;
