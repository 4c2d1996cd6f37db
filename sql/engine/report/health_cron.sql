create or replace function rota_core.health_cron(facts jsonb)
returns table (check_name text, status text, detail text, hint text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_settings constant boolean := pg_has_role(current_user, 'pg_read_all_settings', 'usage');
  v_home text := facts ->> 'database_name';
  v_worker constant text := 'Or work without pg_cron: rota worker';
begin
  if v_settings then
    v_home := current_setting('cron.database_name', true);
  end if;

  check_name := 'pg_cron';
  if facts ? 'version' then
    if not (facts ->> 'usage')::boolean then
      status := 'critical';
      detail := 'rota_worker may not schedule jobs, so nothing is started';
      hint := format('As %s: grant usage on schema cron to rota_worker; then: rota deploy',
        facts ->> 'owner');
    elsif coalesce((facts ->> 'jobs')::int, 0) = 0 then
      status := 'critical';
      detail := 'rota_worker has no active job, so nothing is started';
      hint := 'rota deploy';
    elsif v_home <> current_database() and not (facts ->> 'supervised')::boolean then
      status := 'critical';
      detail := format('its extension is in this database, but pg_cron works in database %s, so '
        'nothing is started here', v_home);
      hint := format('alter system set cron.database_name = %L; restart the server. ',
        current_database()) || v_worker;
    else
      status := 'ok';
      detail := format('pg_cron %s, %s jobs', facts ->> 'version', facts ->> 'jobs');
    end if;
  elsif (facts ->> 'supervised')::boolean then
    status := 'ok';
    detail := 'pg_cron is not in this database; workers run without it';
  elsif v_home is not null then
    status := 'critical';
    detail := case when v_home = current_database()
      then 'pg_cron is loaded, but its extension is missing in this database'
      else format('pg_cron lives in database %s, not in this one', v_home) end;
    hint := case when v_home = current_database()
      then 'create extension pg_cron; then: rota deploy. '
      else format('alter system set cron.database_name = %L; restart the server; create extension '
        'pg_cron; then: rota deploy. ', current_database()) end || v_worker;
  else
    status := 'critical';
    detail := 'pg_cron is not in this database' || case when v_settings
      then ', and the server has not loaded it' else '' end;
    hint := 'Put pg_cron into shared_preload_libraries, restart the server, create extension '
      'pg_cron; then: rota deploy. ' || v_worker;
  end if;
  return next;
end;
$$;

comment on function rota_core.health_cron(jsonb) is
$doc$Whether pg_cron is here and starts our jobs. Runs with the caller's rights: some settings can
be read by few roles, and what the last deploy could read stands in for them.$doc$;

revoke all on function rota_core.health_cron(jsonb) from public;
grant execute on function rota_core.health_cron(jsonb) to rota_reader, rota_admin;
