create or replace function rota_core.health_cron_history(facts jsonb)
returns table (check_name text, status text, detail text, hint text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_log_run text := facts ->> 'log_run';
begin
  if not facts ? 'reads_history' then
    return;
  end if;
  if pg_has_role(current_user, 'pg_read_all_settings', 'usage') then
    v_log_run := current_setting('cron.log_run', true);
  end if;

  check_name := 'pg_cron history';
  status := 'warning';
  hint := format('As %s: grant select, delete on cron.job_run_details to rota_worker;',
    facts ->> 'owner');
  if not (facts ->> 'reads_history')::boolean then
    detail := 'rota_worker may not read cron.job_run_details: what becomes of the commands of '
      'schedules is not seen, and nothing is purged';
  elsif not (facts ->> 'purges_history')::boolean then
    detail := 'rota_worker may not delete in cron.job_run_details: it grows for ever';
  elsif not v_log_run::boolean then
    detail := 'cron.log_run is off: what becomes of the commands of schedules is not seen';
    hint := 'alter system set cron.log_run = on; restart the server';
  else
    status := 'ok';
    detail := format('read by rota%s, and kept for %s', case when v_log_run is null
      then ' (cron.log_run cannot be read)' end, facts ->> 'cron_keep');
    hint := null;
  end if;
  return next;
end;
$$;

comment on function rota_core.health_cron_history(jsonb) is
$doc$Whether rota sees what becomes of commands that pg_cron runs, and may purge pg_cron's history
of our jobs. Runs with the caller's rights, as health_cron does.$doc$;

revoke all on function rota_core.health_cron_history(jsonb) from public;
grant execute on function rota_core.health_cron_history(jsonb) to rota_reader, rota_admin;
