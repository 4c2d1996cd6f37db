-- requires: schema.sql

-- A first automation: every morning it notes how big the database is. Its function and the two
-- definitions below are all there is to it; `rota deploy` puts them into the database, and again
-- whenever this file changes.
create or replace function template_schema.report_size(input jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_bytes constant bigint := pg_database_size(current_database());
begin
  -- A log line stays, even when the run fails: rota logs
  perform rota.log('info', format('the database holds %s', pg_size_pretty(v_bytes)));

  -- What a handler returns is the output of its run: rota run list
  return jsonb_build_object('bytes', v_bytes);
end;
$$;

comment on function template_schema.report_size(jsonb) is
'The handler of the task `template-project-size`: how big the database is.';

revoke all on function template_schema.report_size(jsonb) from public;
grant execute on function template_schema.report_size(jsonb) to rota_worker;

-- The task: what is run, and how often it is tried.
select rota.define_task(
  'template-project-size',
  'template_schema.report_size',
  timeout => '1 min',
  max_attempts => 3
);

-- The schedule: when. `rota schedule next template-project-size` shows the times to come.
select rota.define_schedule('template-project-size', '0 7 * * *', timezone => 'UTC');
