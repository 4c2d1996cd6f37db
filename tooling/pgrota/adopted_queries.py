"""What is asked of a database whose cron.job is adopted."""

from __future__ import annotations

JOBS = """
select to_jsonb(j) as job
from cron.job as j
where not (j.username = 'rota_worker' and starts_with(to_jsonb(j) ->> 'jobname', 'rota:'))
order by j.jobid
"""
SEEN = """
select
  current_database()::text as database, current_user::text as role,
  r.rolsuper or r.rolbypassrls as sees_all,
  pg_has_role(current_user, 'pg_read_all_settings', 'USAGE') as reads_settings,
  exists (select from pg_catalog.pg_extension as e where e.extname = 'pg_cron') as has_cron,
  has_schema_privilege(to_regnamespace('cron')::oid, 'USAGE') as may_use_cron
from pg_catalog.pg_roles as r
where r.rolname = current_user
"""
ROLES = """
select r.rolname::text as name, r.rolcanlogin as can_log_in, r.rolsuper as is_superuser,
  exists (
    select from pg_catalog.pg_roles as w
    cross join pg_catalog.pg_roles as m
    where w.rolname = 'rota_worker' and m.rolname in (r.rolname, 'pg_maintain')
      and pg_has_role(w.oid, m.oid, 'USAGE')
  ) as worker_may,
  coalesce((
    select substr(c.value, 13)
    from pg_catalog.pg_db_role_setting as s
    cross join unnest(s.setconfig) as c (value)
    where starts_with(c.value, 'search_path=') and s.setrole in (r.oid, 0)
      and s.setdatabase in (0, (select d.oid from pg_catalog.pg_database as d
                                where d.datname = current_database()))
    order by s.setrole <> 0 desc, s.setdatabase <> 0 desc
    limit 1
  ), '"$user", public') as search_path
from pg_catalog.pg_roles as r
where r.rolname = any (%s)
"""
FUNCTIONS = """
select distinct
  m.name as mention, n.nspname::text as schema, p.proname::text as name,
  pg_get_function_identity_arguments(p.oid) as arguments, p.prokind, p.pronargs,
  p.proretset as returns_set, p.prorettype::regtype::text as returns, p.proconfig as settings,
  p.prosrc as source, pg_get_functiondef(p.oid) as definition,
  pg_get_userbyid(p.proowner)::text as owner, obj_description(p.oid, 'pg_proc') as comment,
  p.proacl is null or exists (
    select from aclexplode(p.proacl) as a where a.grantee = 0
  ) as is_public,
  array(
    select a.grantee::regrole::text from aclexplode(p.proacl) as a
    where a.grantee not in (0, p.proowner) order by 1
  ) as grantees
from unnest(%s::text[]) as m (name)
cross join lateral parse_ident(m.name) as i (parts)
join pg_catalog.pg_proc as p on p.proname = i.parts[cardinality(i.parts)]
join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
where case cardinality(i.parts) when 2 then n.nspname = i.parts[1]
    else pg_function_is_visible(p.oid) end
  and n.nspname !~ '^(pg_|information_schema$|cron$|rota$|rota_core$)'
  and p.prokind in ('f', 'p')
  and not exists (
    select from pg_catalog.pg_depend as d
    where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
  )
order by 1, 2, 3, 4
"""
