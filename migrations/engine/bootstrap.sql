-- What must stand before alembic's own version table can: roles (cluster-wide), schemas, and the
-- settings of the worker role in this database. Safe to repeat. A role that exists already is used
-- as it is; the caller must then be a member of it, or be able to make itself one.
do $$
declare
  v_role text;
begin
  foreach v_role in array array[
    'rota_owner', 'rota_admin', 'rota_app', 'rota_worker', 'rota_monitor', 'rota_capture',
    'rota_reader'
  ] loop
    if not exists (select from pg_catalog.pg_roles as r where r.rolname = v_role) then
      execute format(
        'create role %I %s', v_role,
        case v_role when 'rota_worker' then 'login' else 'nologin' end
      );
    end if;
  end loop;
end;
$$;

-- The deployer acts as these three. From 16 on to be a member is not yet to be allowed that.
do $$
declare
  v_new constant boolean := current_setting('server_version_num')::int >= 160000;
  v_role text;
begin
  foreach v_role in array array['rota_owner', 'rota_worker', 'rota_capture'] loop
    if not pg_has_role(current_user, v_role, 'USAGE')
      -- The inner case keeps an older server from reading what it does not know.
      or (v_new and not pg_has_role(current_user, v_role, case when v_new then 'SET' else 'USAGE' end))
    then
      execute format(
        'grant %I to %I %s', v_role, current_user,
        case when v_new then 'with inherit true, set true' else '' end
      );
    end if;
  end loop;
end;
$$;

create schema if not exists rota authorization rota_owner;
create schema if not exists rota_core authorization rota_owner;

set local role rota_owner;

comment on schema rota is 'rota: the functions to call and the views to read.';
comment on schema rota_core is 'rota: tables, types and internals.';
revoke all on schema rota, rota_core from public;
grant usage on schema rota to rota_admin, rota_app, rota_worker, rota_monitor, rota_reader;
-- Functions there are granted one by one, tables never.
grant usage on schema rota_core
  to rota_admin, rota_app, rota_worker, rota_capture, rota_reader;

-- Per schema this would do nothing.
alter default privileges for role rota_owner revoke execute on functions from public;

set local role rota_worker;

-- A role's statement_timeout counts from the start of a worker's CALL and would cancel the handler
-- that happens to run when it is over. A role may set its own defaults.
do $$
declare
  v_setting text;
begin
  foreach v_setting in array array[
    'search_path = pg_catalog, pg_temp',
    'statement_timeout = 0',
    'lock_timeout = 0',
    'idle_in_transaction_session_timeout = 0',
    'idle_session_timeout = 0',
    'default_transaction_isolation = ''read committed''',
    'default_transaction_read_only = off',
    case when current_setting('server_version_num')::int >= 170000 then 'transaction_timeout = 0' end
  ] loop
    if v_setting is not null then
      execute format(
        'alter role rota_worker in database %I set %s', current_database(), v_setting
      );
    end if;
  end loop;
end;
$$;

set local role none;
