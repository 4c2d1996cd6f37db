begin;
select plan(9);

create temp view our_relation as
select
  c.oid,
  c.oid::regclass::text as name,
  n.nspname as room,
  c.relname,
  c.relkind,
  c.relispartition,
  c.relacl,
  c.relowner
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname in ('rota', 'rota_core') and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f');

select is_empty(
  $$select r.name from our_relation as r where r.room = 'rota' and r.relkind <> 'v'$$,
  'schema rota holds views and no tables'
);
select is_empty(
  $$select r.name from our_relation as r
    where r.relkind <> 'S' and not r.relispartition and r.relname <> 'alembic_version'
      and coalesce(pg_catalog.obj_description(r.oid, 'pg_class'), '') = ''$$,
  'each table and view has a comment'
);
select is_empty(
  $$select r.name from our_relation as r where r.relowner <> 'rota_owner'::regrole$$,
  'all belong to rota_owner'
);
select is_empty(
  $$select r.name, g.privilege_type
    from our_relation as r
    cross join lateral pg_catalog.aclexplode(r.relacl) as g
    where g.grantee = 0$$,
  'no table, view or sequence is open to public'
);
select is_empty(
  $$select n.nspname, g.privilege_type
    from pg_catalog.pg_namespace as n
    cross join lateral pg_catalog.aclexplode(n.nspacl) as g
    where n.nspname in ('rota', 'rota_core') and g.grantee = 0$$,
  'no schema is open to public'
);
select is_empty(
  $$select c.conname, c.conrelid::regclass
    from pg_catalog.pg_constraint as c
    join our_relation as r on r.oid = c.conrelid
    where c.contype = 'c' and c.conname ~ '_check\d*$'$$,
  'each check is named as a sentence'
);
select is_empty(
  $$select d.classid::regclass, d.objid, p.oid::regprocedure
    from pg_catalog.pg_depend as d
    join pg_catalog.pg_proc as p on d.refclassid = 'pg_proc'::regclass and p.oid = d.refobjid
    where p.pronamespace in ('rota'::regnamespace, 'rota_core'::regnamespace)
      and d.classid in ('pg_constraint'::regclass, 'pg_attrdef'::regclass, 'pg_class'::regclass)$$,
  'checks, defaults and indexes use built-in functions only'
);
select is_empty(
  $$select r.name, a.attname
    from our_relation as r
    join pg_catalog.pg_attribute as a on a.attrelid = r.oid
    where a.attnum > 0 and not a.attisdropped and r.relkind in ('r', 'p', 'v')
      and a.atttypid = 'timestamp'::regtype$$,
  'a time is a timestamptz'
);
select is_empty(
  $$select r.name, g.grantee::regrole, g.privilege_type
    from our_relation as r
    cross join lateral pg_catalog.aclexplode(r.relacl) as g
    where r.room = 'rota_core' and g.grantee not in (0, r.relowner)
      and (r.relname, g.grantee::regrole::text, g.privilege_type) not in
        (('event', 'rota_capture', 'INSERT'), ('event_id', 'rota_capture', 'USAGE'))$$,
  'nobody but rota_owner has rights on tables, save that rota_capture writes the log'
);

select * from finish();
rollback;
