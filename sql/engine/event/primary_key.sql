create or replace function rota_core.primary_key(target regclass)
returns text[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select array_agg(a.attname::text order by k.place)
  from pg_index as i
  cross join unnest(i.indkey) with ordinality as k (attnum, place)
  join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
  where i.indrelid = primary_key.target and i.indisprimary;
$$;

comment on function rota_core.primary_key(regclass) is
$doc$The columns of a table's primary key, in its order; null where it has none.$doc$;

revoke all on function rota_core.primary_key(regclass) from public;
grant execute on function rota_core.primary_key(regclass) to rota_admin;
