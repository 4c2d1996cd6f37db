create or replace function rota_core.worker_setting(name text)
returns text
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  -- The most specific wins, as when a session starts.
  select coalesce(
    (
      select split_part(c.setting, '=', 2)
      from pg_db_role_setting as s
      cross join lateral unnest(s.setconfig) as c (setting)
      where s.setrole in (0, (select r.oid from pg_roles as r where r.rolname = 'rota_worker'))
        and s.setdatabase in (
          0, (select d.oid from pg_database as d where d.datname = current_database())
        )
        and split_part(c.setting, '=', 1) = worker_setting.name
      order by s.setrole <> 0 desc, s.setdatabase <> 0 desc
      limit 1
    ),
    -- What this session has from its own role or client says nothing about workers.
    (
      select s.setting
      from pg_settings as s
      where s.name = worker_setting.name
        and s.source in ('configuration file', 'command line', 'environment variable')
    )
  );
$$;

comment on function rota_core.worker_setting(text) is
$doc$What a session of rota_worker in this database starts with, or null for the server's default:
from its role, the database, both, or the server's configuration.$doc$;

revoke all on function rota_core.worker_setting(text) from public;
