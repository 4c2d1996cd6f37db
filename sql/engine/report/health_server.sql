create or replace function rota_core.health_server()
returns table (check_name text, status text, detail text, hint text)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_places constant int := current_setting('max_connections')::int
    - current_setting('superuser_reserved_connections')::int;
  v_taken bigint;
begin
  check_name := 'writes';
  if rota_core.worker_setting('default_transaction_read_only') in ('on', 'true', 'yes', '1') then
    status := 'critical';
    detail := 'sessions of rota_worker are read-only (default_transaction_read_only), so nothing '
      'is started';
    hint := format('If that is because the disk is full, make room; then: alter role rota_worker in '
      'database %I set default_transaction_read_only = off;', current_database());
  elsif current_setting('default_transaction_read_only')::boolean then
    status := 'warning';
    detail := format('sessions of %s are read-only (default_transaction_read_only): workers write, '
      'but starts and deploys are refused', session_user);
    hint := format('If that is because the disk is full, make room; then: alter database %I set '
      'default_transaction_read_only = off;', current_database());
  else
    status := 'ok';
    detail := 'workers may write';
  end if;
  return next;

  check_name := 'sight of workers';
  if rota_core.worker_setting('track_activities') in ('off', 'false', 'no', '0') then
    status := 'critical';
    detail := 'track_activities is off: workers look dead while they live, and their runs are '
      'taken from them';
    hint := format('As a superuser: alter role rota_worker in database %I set track_activities = '
      'on; then: select pg_terminate_backend(pid) from pg_stat_activity where usename = '
      '''rota_worker'';', current_database());
  else
    status := 'ok';
    detail := 'the server shows what they do';
    hint := null;
  end if;
  return next;

  select sum(d.numbackends)
  into v_taken
  from pg_stat_database as d;

  check_name := 'free connections';
  detail := format('%s of %s are taken', v_taken, v_places);
  if v_taken > v_places * 0.9 then
    status := 'warning';
    hint := 'Workers that come too late get none. See who holds them: select usename, state, '
      'count(*) from pg_stat_activity group by 1, 2; or as a superuser: alter system set '
      'max_connections = 200; restart the server.';
  else
    status := 'ok';
    hint := null;
  end if;
  return next;
end;
$$;

comment on function rota_core.health_server() is
$doc$Whether the server lets workers write, shows what they do, and has connections left for
them.$doc$;

revoke all on function rota_core.health_server() from public;
grant execute on function rota_core.health_server() to rota_reader, rota_admin;
