create or replace function rota_core.column_names(relation oid, numbers jsonb)
returns text[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select array_agg(a.attname::text order by c.place)
  from jsonb_array_elements_text(column_names.numbers) with ordinality as c (number, place)
  join pg_attribute as a
    on a.attrelid = column_names.relation and a.attnum = c.number::int and not a.attisdropped;
$$;

comment on function rota_core.column_names(oid, jsonb) is
$doc$The names that columns of these numbers have now; those that are gone are left out.$doc$;

revoke all on function rota_core.column_names(oid, jsonb) from public;
grant execute on function rota_core.column_names(oid, jsonb) to rota_admin, rota_reader;
