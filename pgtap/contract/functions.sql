begin;
select plan(13);

create temp view our_function as
select
  p.oid,
  p.oid::regprocedure::text as signature,
  n.nspname as room,
  p.proname,
  p.prokind,
  p.proconfig,
  p.prosecdef,
  p.proisstrict,
  p.provolatile,
  p.prosrc,
  pg_catalog.pg_get_userbyid(p.proowner) as owner,
  pg_catalog.obj_description(p.oid, 'pg_proc') as comment
from pg_catalog.pg_proc as p
join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
where n.nspname in ('rota', 'rota_core');

select cmp_ok(
  (select count(*) from our_function as f where f.room = 'rota'), '>', 0::bigint,
  'there are functions to look at'
);

-- how they are written
select is_empty(
  $$select f.signature from our_function as f
    where f.prokind = 'f'
      and f.proconfig is distinct from array['search_path=pg_catalog, pg_temp']$$,
  'search_path is pinned to pg_catalog, pg_temp, and nothing else is set'
);
select is_empty(
  $$select f.signature from our_function as f
    where f.prokind = 'p'
      and (f.prosecdef or f.proconfig is not null) and f.prosrc ~* '\mcommit\s*;'$$,
  'a procedure that commits has no set clause and is no security definer'
);
select is_empty(
  $$select f.proname from our_function as f
    group by f.room, f.proname having count(*) > 1$$,
  'no name is overloaded'
);
select is_empty(
  $$select f.signature from our_function as f
    where f.prosrc ~* 'when\s+others\s+then\s+(null\s*;|end\M)'$$,
  'no error is swallowed whole'
);
select is_empty(
  $$select f.signature from our_function as f
    where f.proisstrict and f.provolatile = 'v'$$,
  'no function with effects is strict'
);
select is_empty(
  $$select f.signature from our_function as f where f.prosrc ~* '\mraise\s+exception\s+'''$$,
  'errors are raised with errcode, message and hint by name'
);
select is_empty(
  $$select f.signature from our_function as f
    where f.room = 'rota'
      and f.prosrc ~* $re$errcode\s*=\s*'(P0002|55000|no_data_found|object_not_in_pre)$re$
  $$,
  'no public function raises what an RPC gateway answers with 500'
);
select is_empty(
  $$select f.signature from our_function as f
    where f.proname <> 'wall_clock'
      and regexp_replace(f.prosrc, '''[^'']*''', '', 'g')
        ~* '\m(now\(\)|current_timestamp\M|(clock|statement|transaction)_timestamp\(\))'
      and f.prosrc !~ '-- real time:'$$,
  'time comes from wall_clock'
);

-- whose they are
select is_empty(
  $$select f.signature, f.owner from our_function as f
    where f.owner not in ('rota_owner', 'rota_worker', 'rota_capture')$$,
  'they belong to rota_owner, or to rota_worker or rota_capture where they must'
);
select is_empty(
  $$select f.signature from our_function as f
    where has_function_privilege('public', f.oid, 'execute')$$,
  'none is open to public'
);

-- what is said about them
select is_empty(
  $$select f.signature from our_function as f where coalesce(f.comment, '') = ''$$,
  'each has a comment'
);
select is_empty(
  $$select f.signature, said.roles as said, granted.roles as granted
    from our_function as f
    cross join lateral (
      select string_agg(distinct r[1], ', ' order by r[1]) as roles
      from regexp_matches(substring(f.comment from 'For: ([^.]*)\.'), 'rota_\w+', 'g') as r
    ) as said
    cross join lateral (
      select string_agg(distinct g.grantee::regrole::text, ', ' order by g.grantee::regrole::text)
        as roles
      from pg_catalog.pg_proc as p
      cross join lateral pg_catalog.aclexplode(p.proacl) as g
      where p.oid = f.oid and g.grantee not in (0, p.proowner)
    ) as granted
    where f.room = 'rota' and said.roles is distinct from granted.roles$$,
  'the comment of each public one says who may call it'
);

select * from finish();
rollback;
