create or replace function rota_core.engine_facts()
returns jsonb
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
begin
  return jsonb_build_object(
    'now', v_now,
    'wanted', 1 + (select coalesce(sum(l.workers), 0) from rota_core.lane as l),
    'supervised', exists (
      select
      from rota_core.worker as w
      where w.kind = 'supervisor' and w.seen_at > v_now - interval '1 min'
    ),
    'database_name', rota_core.setting('cron.database_name'),
    'max_running_jobs', rota_core.setting('cron.max_running_jobs'),
    'use_background_workers', rota_core.setting('cron.use_background_workers'),
    'log_run', rota_core.setting('cron.log_run'),
    'cron_keep', rota_core.setting('cron_keep')
  );
end;
$$;

comment on function rota_core.engine_facts() is
$doc$What health needs to know of rota's tables to judge pg_cron: how many jobs are wanted, whether
somebody supervises, and settings, pg_cron's as the last deploy could read them.$doc$;

revoke all on function rota_core.engine_facts() from public;
grant execute on function rota_core.engine_facts() to rota_reader, rota_admin;
