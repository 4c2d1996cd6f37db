"""Objects that are not rota's and yet hang on it."""

from __future__ import annotations

import psycopg

# What stands outside our schemas and would go with them. A trigger of ours on somebody's table is
# expected to; what it hangs on is the table it stands on.
_DEPENDANTS = """
with recursive ours as (
  select n.oid from pg_catalog.pg_namespace as n where n.nspname in ('rota', 'rota_core')
),
dependant (classid, objid) as (
  select 'pg_namespace'::regclass::oid, o.oid from ours as o
  union
  select
    case when d.classid = 'pg_rewrite'::regclass or d.classid = 'pg_attrdef'::regclass
      then 'pg_class'::regclass::oid else d.classid end,
    coalesce(r.ev_class, a.adrelid, d.objid)
  from dependant as x
  join pg_catalog.pg_depend as d
    on d.refclassid = x.classid and d.refobjid = x.objid and d.deptype <> 'e'
  left join pg_catalog.pg_rewrite as r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
  left join pg_catalog.pg_attrdef as a on d.classid = 'pg_attrdef'::regclass and a.oid = d.objid
),
placed as (
  select
    x.classid, x.objid,
    coalesce(c.relnamespace, p.pronamespace, t.typnamespace, k.connamespace) as namespace
  from dependant as x
  left join pg_catalog.pg_class as c on x.classid = 'pg_class'::regclass and c.oid = x.objid
  left join pg_catalog.pg_proc as p on x.classid = 'pg_proc'::regclass and p.oid = x.objid
  left join pg_catalog.pg_type as t on x.classid = 'pg_type'::regclass and t.oid = x.objid
  left join pg_catalog.pg_constraint as k
    on x.classid = 'pg_constraint'::regclass and k.oid = x.objid
)
select pg_describe_object(f.classid, f.objid, 0) as description
from placed as f
where f.namespace is not null
  and f.namespace not in (select o.oid from ours as o)
  and f.namespace <> 'pg_toast'::regnamespace
  and f.classid <> 'pg_type'::regclass
order by 1
"""

_OWNED = """
select distinct
  pg_describe_object(s.classid, s.objid, s.objsubid) as description,
  pg_get_userbyid(s.refobjid) as role
from pg_catalog.pg_shdepend as s
where s.refclassid = 'pg_authid'::regclass
  and s.deptype = 'o'
  and s.dbid = (select d.oid from pg_catalog.pg_database as d where d.datname = current_database())
  and s.refobjid in (select r.oid from pg_catalog.pg_roles as r where r.rolname = any (%s))
order by 1
"""


def dependants(connection: psycopg.Connection) -> list[str]:
    """What would be dropped together with our schemas."""
    return [row[0] for row in connection.execute(_DEPENDANTS)]


def owned(connection: psycopg.Connection, roles: list[str]) -> list[tuple[str, str]]:
    """What roles of ours own in this database, and which role it is."""
    return connection.execute(_OWNED, [roles]).fetchall()
