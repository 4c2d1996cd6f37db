create or replace function rota_core.health_cron_server(facts jsonb)
returns table (check_name text, status text, detail text, hint text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_settings constant boolean := pg_has_role(current_user, 'pg_read_all_settings', 'usage');
  v_background text := facts ->> 'use_background_workers';
  v_slots int := (facts ->> 'max_running_jobs')::int;
  v_wanted constant int := (facts ->> 'wanted')::int;
  -- So many of them stand in cron.job: the last deploy knew of so many slots.
  v_endless constant int := least(v_wanted, v_slots / 2);
begin
  if not facts ? 'version' then
    return;
  end if;
  if v_settings then
    v_background := current_setting('cron.use_background_workers', true);
    v_slots := current_setting('cron.max_running_jobs', true)::int;
  end if;

  check_name := 'pg_cron launcher';
  select 'ok', 'it is running', null
  into status, detail, hint
  from pg_stat_activity as a
  where a.application_name = 'pg_cron scheduler' or a.backend_type = 'pg_cron launcher'
  limit 1;
  if not found and v_settings and current_setting('shared_preload_libraries') !~ 'pg_cron' then
    status := 'critical';
    detail := 'the server has not loaded pg_cron';
    hint := 'Put pg_cron into shared_preload_libraries and restart the server.';
  elsif not found then
    status := 'critical';
    detail := 'the process that starts the jobs is not running';
    hint := 'Restart the server; its log says why the launcher ended.';
  end if;
  return next;

  check_name := 'pg_cron mode';
  if v_background is null then
    status := 'no rights';
    detail := 'cron.use_background_workers cannot be read';
    hint := 'As a superuser: rota doctor';
  elsif v_background::boolean and facts ->> 'version' like '1.4%' then
    status := 'critical';
    detail := 'pg_cron 1.4 with background workers runs all jobs one after another';
    hint := 'alter system set cron.use_background_workers = off; restart the server. Jobs then log in '
      'by cron.host: let rota_worker in by pg_hba.conf or .pgpass.';
  else
    status := 'ok';
    detail := case when v_background::boolean then 'background workers' else 'connections' end;
    hint := null;
  end if;
  return next;

  check_name := 'pg_cron slots';
  if v_slots is null then
    status := 'no rights';
    detail := 'cron.max_running_jobs cannot be read';
    hint := 'As a superuser: rota doctor';
  elsif v_endless >= v_slots then
    status := 'critical';
    detail := format('%s jobs that never end take all %s slots, and nothing else is started',
      v_endless, v_slots);
    hint := format('alter system set cron.max_running_jobs = %s; restart the server; then: rota '
      'deploy', v_wanted * 2);
  elsif v_wanted * 2 > v_slots then
    status := 'warning';
    detail := format('%s jobs are wanted and may take half of %s slots', v_wanted, v_slots);
    hint := format('alter system set cron.max_running_jobs = %s; restart the server. Or fewer '
      'workers: select rota.define_lane(''default'', workers => 1);', v_wanted * 2);
  else
    status := 'ok';
    detail := format('%s jobs of %s slots', v_wanted, v_slots);
    hint := null;
  end if;
  return next;
end;
$$;

comment on function rota_core.health_cron_server(jsonb) is
$doc$Whether pg_cron's launcher runs, in a mode and with slots enough for us. Runs with the caller's
rights, as health_cron does.$doc$;

revoke all on function rota_core.health_cron_server(jsonb) from public;
grant execute on function rota_core.health_cron_server(jsonb) to rota_reader, rota_admin;
