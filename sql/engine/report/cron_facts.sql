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
  v_last jsonb;
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

  -- What pg_cron could not start has no start_time. Among the newest only: there is no index.
  if (v_jobs ->> 'reads_history')::boolean then
    execute
      $q$
        select jsonb_build_object(
          'last_status', d.status,
          'last_started', d.start_time is not null,
          'last_message', split_part(d.return_message, e'\n', 1)
        )
        from (
          select r.* from cron.job_run_details as r order by r.runid desc limit 500
        ) as d
        where d.database = current_database() and d.username = current_user
          and d.command ~ '^call rota\.(work|supervise|serve)\M'
        order by d.runid desc
        limit 1
      $q$
    into v_last;
  end if;
  return coalesce(v_facts, '{}') || coalesce(v_jobs, '{}') || coalesce(v_last, '{}');
end;
$$;

comment on function rota_core.cron_facts() is
$doc$What rota_worker sees of pg_cron: version, rights on jobs and history, number of our
jobs, and what became of the last.$doc$;

revoke all on function rota_core.cron_facts() from public;
grant execute on function rota_core.cron_facts() to rota_owner, rota_reader, rota_admin;

set local role rota_owner;
