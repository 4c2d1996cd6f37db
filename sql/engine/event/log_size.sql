create or replace function rota_core.log_size()
returns bigint
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(sum(pg_total_relation_size(t.relid)), 0)::bigint
  from pg_partition_tree('rota_core.event') as t
  where t.isleaf;
$$;

comment on function rota_core.log_size() is
$doc$The bytes that the event log takes, with its indexes.$doc$;

revoke all on function rota_core.log_size() from public;
