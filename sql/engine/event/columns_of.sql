create or replace function rota_core.columns_of(relation oid)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select md5(json_agg(
    json_build_array(a.attnum, a.attname, a.atttypid::bigint, a.atttypmod) order by a.attnum
  )::text)
  from pg_attribute as a
  where a.attrelid = columns_of.relation and a.attnum > 0 and not a.attisdropped;
$$;

comment on function rota_core.columns_of(oid) is
$doc$A digest of a table's columns: it changes when one is added, dropped, renamed or retyped.$doc$;

revoke all on function rota_core.columns_of(oid) from public;
grant execute on function rota_core.columns_of(oid) to rota_capture, rota_admin, rota_reader;
