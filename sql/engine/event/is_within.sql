create or replace function rota_core.is_within(relation oid, root oid)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive ancestor (relid) as (
    select is_within.relation
    union
    select i.inhparent
    from ancestor as a
    join pg_inherits as i on i.inhrelid = a.relid
    where not i.inhdetachpending
  )
  select exists (select from ancestor as a where a.relid = is_within.root);
$$;

comment on function rota_core.is_within(oid, oid) is
$doc$Whether a table is another one, or a partition or child of it at any depth.$doc$;

revoke all on function rota_core.is_within(oid, oid) from public;
grant execute on function rota_core.is_within(oid, oid) to rota_capture, rota_admin, rota_reader;
