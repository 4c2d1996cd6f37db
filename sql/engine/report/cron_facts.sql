-- Owned by rota_worker: row level security shows each role its own jobs only.
set local role rota_worker;

create or replace function rota_core.cron_facts()
returns jsonb
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_facts jsonb;
  v_jobs jsonb;
begin
  select jsonb_build_object(
    'version', e.extversion,
    'usage', has_schema_privilege('cron', 'usage'),
    'owner', pg_get_userbyid(n.nspowner)
  )
  into v_facts
  from pg_extension as e
  join pg_namespace as n on n.nspname = 'cron'
  where e.extname = 'pg_cron';

  -- Dynamic, because the extension may not be there.
  if (v_facts ->> 'usage')::boolean then
    execute
      $q$
        select jsonb_build_object(
          'jobs', count(*) filter (where j.active),
          'inactive', count(*) filter (where not j.active),
          'reads_history', has_table_privilege('cron.job_run_details', 'select'),
          'purges_history', has_table_privilege('cron.job_run_details', 'delete')
        )
        from cron.job as j
        where j.database = current_database() and j.username = current_user
      $q$
    into v_jobs;
  end if;
  return coalesce(v_facts, '{}') || coalesce(v_jobs, '{}');
end;
$$;

comment on function rota_core.cron_facts() is
$doc$What rota_worker sees of pg_cron: version, rights on jobs and history, number of our
jobs.$doc$;

revoke all on function rota_core.cron_facts() from public;
grant execute on function rota_core.cron_facts() to rota_owner, rota_reader, rota_admin;

set local role rota_owner;
