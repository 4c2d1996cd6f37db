create or replace function rota_core.condition_path(target regclass, columns jsonb default null)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(distinct n.nspname), '[]')
  from pg_attribute as a
  join pg_type as t on t.oid = a.atttypid
  join pg_namespace as n on n.oid = t.typnamespace
  where a.attrelid = condition_path.target and a.attnum > 0 and not a.attisdropped
    and (condition_path.columns is null or condition_path.columns ? a.attname)
    and t.typtype = 'b' and t.typcategory <> 'A' and n.nspname <> 'pg_catalog';
$$;

comment on function rota_core.condition_path(regclass, jsonb) is
$doc$The schemas where the operators of a table's columns are, or of some of its columns: those of
types that extensions have made. Types made of others have theirs in pg_catalog.$doc$;

revoke all on function rota_core.condition_path(regclass, jsonb) from public;
grant execute on function rota_core.condition_path(regclass, jsonb) to rota_admin;
