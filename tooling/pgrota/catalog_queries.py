"""How the catalog is asked for the objects that files declare."""

from __future__ import annotations


def _acl(column: str, shared: str, granted: str = "") -> str:
    """Privileges as a set: the order of grants means nothing.

    What rota.allow_run_as() gives to roles that tasks run as is no part of what the files say. It
    gives that on few things, told by the condition `shared`, and roles that files have granted it
    to have it anyhow.
    """
    return f"""(
  select string_agg(a::text, ', ' order by a::text)
  from unnest({column}) as a
  cross join lateral btrim(split_part(a::text, '=', 1), '"') as g (grantee)
  where not ({shared}) or g.grantee = any ('{{{granted}}}') or not exists (
    select
    from pg_catalog.pg_proc as t
    join pg_catalog.pg_namespace as s on s.oid = t.pronamespace
    where s.nspname = 'rota_core' and starts_with(t.proname, 'call_as_')
      and pg_get_userbyid(t.proowner) = g.grantee
  )
)"""


_ROUTINE_ACL = _acl(
    "p.proacl",
    "n.nspname = 'rota' and p.proname in ('log', 'emit', 'save_artifact')",
    "rota_admin,rota_app,rota_worker",
)
_SCHEMA_ACL = _acl(
    "n.nspacl", "true", "rota_admin,rota_app,rota_worker,rota_monitor,rota_reader,rota_capture"
)

BY_NAME = """
join unnest(%(schemas)s::text[], %(names)s::text[]) as w (schema, name)
  on w.schema = n.nspname and w.name = {}
"""
# By the text: to_regprocedure() needs rights on the schema, and the types of the arguments.
BY_IDENTITY = """
join unnest(%(identities)s::text[]) as w (identity)
  on n.nspname not in ('pg_catalog', 'information_schema') and {}
"""

# The version of a function changes when it is made anew, and not with a grant, as its row does.
_ROUTINES = f"""
select
  case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end as kind,
  p.oid::regprocedure::text as identity,
  'function' as declared_kind, n.nspname as schema, p.proname as name, null::name as on_table,
  p.oid,
  (select string_agg(d.ctid::text, ' ' order by d.ctid)
   from pg_catalog.pg_depend as d
   where d.classid = 'pg_proc'::regclass and d.objid = p.oid) as version,
  'pg_proc'::regclass::oid as classid,
  case when p.prokind = 'a' then p.oid::regprocedure::text else pg_get_functiondef(p.oid) end
    as definition,
  pg_get_userbyid(p.proowner) as owner, {_ROUTINE_ACL} as privileges,
  obj_description(p.oid, 'pg_proc') as comment,
  jsonb_build_object(
    'arguments', pg_get_function_arguments(p.oid), 'returns', pg_get_function_result(p.oid),
    'language', (select l.lanname from pg_catalog.pg_language as l where l.oid = p.prolang),
    'volatility',
    case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
    'security', case when p.prosecdef then 'definer' else 'invoker' end,
    'set', array_to_string(p.proconfig, '; '), 'strict', p.proisstrict,
    'parallel', p.proparallel, 'body', coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)
  ) as attributes
from pg_catalog.pg_proc as p
join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
"""

_VIEWS = f"""
select
  'view' as kind, c.oid::regclass::text as identity,
  'view' as declared_kind, n.nspname as schema, c.relname as name, null::name as on_table,
  c.oid, c.ctid::text as version, 'pg_class'::regclass::oid as classid,
  concat_ws(
    E'\\n', c.relkind, array_to_string(c.reloptions, ', '),
    (select string_agg(
       concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attacl::text,
         col_description(c.oid, a.attnum)), E'\\n' order by a.attnum)
     from pg_catalog.pg_attribute as a
     where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
    pg_get_viewdef(c.oid)
  ) as definition,
  pg_get_userbyid(c.relowner) as owner, {_acl("c.relacl", "false")} as privileges,
  obj_description(c.oid, 'pg_class') as comment,
  jsonb_build_object(
    'options', array_to_string(c.reloptions, ', '),
    'body', pg_get_viewdef(c.oid)
  ) as attributes
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace and c.relkind in ('v', 'm')
"""

_TRIGGER_NAME = "format('%%I on %%s', t.tgname, t.tgrelid::regclass)"
_TRIGGERS = f"""
select
  'trigger' as kind, {_TRIGGER_NAME} as identity,
  'trigger' as declared_kind, n.nspname as schema, t.tgname as name, c.relname as on_table,
  t.oid, t.ctid::text as version, 'pg_trigger'::regclass::oid as classid,
  concat_ws(E'\\n', t.tgenabled, pg_get_triggerdef(t.oid)) as definition,
  null::name as owner, null::text as privileges, obj_description(t.oid, 'pg_trigger') as comment,
  jsonb_build_object(
    'enabled', case t.tgenabled when 'O' then 'yes' when 'D' then 'no' else t.tgenabled::text end,
    'body', pg_get_triggerdef(t.oid, true)
  ) as attributes
from pg_catalog.pg_trigger as t
join pg_catalog.pg_class as c
  on c.oid = t.tgrelid and not t.tgisinternal and t.tgparentid = 0
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
"""

QUERIES = {
    "function": (_ROUTINES, "p.proname", "p.oid::regprocedure::text = w.identity"),
    "view": (_VIEWS, "c.relname", "c.oid::regclass::text = w.identity"),
    "trigger": (_TRIGGERS, "t.tgname", f"w.identity = {_TRIGGER_NAME}"),
}

FOUNDATION = f"""
select
  'schema' as kind, n.nspname::text as identity,
  'schema' as declared_kind, n.nspname as schema, n.nspname as name, null::name as on_table,
  n.oid, n.ctid::text as version, 'pg_namespace'::regclass::oid as classid, '' as definition,
  pg_get_userbyid(n.nspowner) as owner, {_SCHEMA_ACL} as privileges,
  obj_description(n.oid, 'pg_namespace') as comment, '{{}}'::jsonb as attributes
from pg_catalog.pg_namespace as n
where n.nspname in ('rota', 'rota_core')
union all
select
  'role', r.rolname::text, 'role', '', r.rolname, null, r.oid, '', 'pg_authid'::regclass::oid,
  concat_ws(
    E'\\n', case when r.rolcanlogin then 'login' else 'nologin' end,
    (select array_to_string(s.setconfig, E'\\n')
     from pg_catalog.pg_db_role_setting as s
     where s.setrole = r.oid
       and s.setdatabase = (select d.oid from pg_catalog.pg_database as d
                            where d.datname = current_database())),
    (select string_agg(concat_ws(' ', d.defaclobjtype, d.defaclacl::text), E'\\n')
     from pg_catalog.pg_default_acl as d where d.defaclrole = r.oid)
  ),
  null, null, null, '{{}}'
from pg_catalog.pg_roles as r
where r.rolname in ('rota_owner', 'rota_admin', 'rota_app', 'rota_worker', 'rota_monitor',
  'rota_capture', 'rota_reader')
"""

DEPENDANTS = """
with recursive root (classid, objid) as (
  select 'pg_proc'::regclass::oid, to_regprocedure(%(identity)s)::oid
  where %(kind)s not in ('view', 'trigger')
  union all
  select 'pg_class'::regclass::oid, to_regclass(%(identity)s)::oid
  where %(kind)s = 'view'
),
dependant (classid, objid) as (
  select r.classid, r.objid from root as r
  union
  select
    case when d.classid = 'pg_rewrite'::regclass then 'pg_class'::regclass::oid else d.classid end,
    case when d.classid = 'pg_rewrite'::regclass then r.ev_class else d.objid end
  from dependant as x
  join pg_catalog.pg_depend as d
    on d.refclassid = x.classid and d.refobjid = x.objid and d.deptype in ('n', 'a', 'i')
  left join pg_catalog.pg_rewrite as r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
)
select x.classid, x.objid as oid, pg_describe_object(x.classid, x.objid, 0) as description
from dependant as x
where (x.classid, x.objid) not in (select r.classid, r.objid from root as r)
  -- a view's own row type, and the array of it, are no objects anyone made
  and x.classid <> 'pg_type'::regclass
  -- the index of a materialized view is a part of it
  and not exists (
    select from pg_catalog.pg_class as c
    where x.classid = 'pg_class'::regclass and c.oid = x.objid and c.relkind = 'i'
  )
"""
