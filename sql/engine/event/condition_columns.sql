create or replace function rota_core.condition_columns(view regclass, target regclass)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_object_agg(a.attname, a.attnum), '{}')
  from pg_attribute as a
  where a.attrelid = condition_columns.target and a.attnum in (
    select v.number[1]::int
    from pg_rewrite as r
    cross join regexp_matches(r.ev_action::text, '\{VAR :varno \d+ :varattno (\d+)\M', 'g')
      as v (number)
    where r.ev_class = condition_columns.view
  );
$$;

comment on function rota_core.condition_columns(regclass, regclass) is
$doc$The columns of a table that the expression of a view looks at: names and numbers.$doc$;

revoke all on function rota_core.condition_columns(regclass, regclass) from public;
grant execute on function rota_core.condition_columns(regclass, regclass) to rota_admin;
