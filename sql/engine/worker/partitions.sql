create or replace function rota_core.partitions(parent text)
returns table (name text, from_at timestamptz, to_at timestamptz, bytes bigint)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select
    c.relname::text,
    to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp at time zone 'UTC',
    (to_date(right(c.relname, 8), 'YYYYMMDD') + l.step) at time zone 'UTC',
    pg_total_relation_size(c.oid)
  from rota_core.partition_plans() as l
  join pg_inherits as i on i.inhparent = to_regclass('rota_core.' || quote_ident(l.parent))
  join pg_class as c on c.oid = i.inhrelid
  where l.parent = partitions.parent and c.relname ~ '_p\d{8}$'
  order by c.relname;
$$;

comment on function rota_core.partitions(text) is
$doc$The partitions of a table, oldest first, without the default one.$doc$;

revoke all on function rota_core.partitions(text) from public;
