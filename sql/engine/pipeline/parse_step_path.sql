create or replace function rota_core.parse_step_path(path text)
returns text[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when parse_step_path.path ~ '^(\$\.)?[\w-]+(\.[\w-]+)*$'
      then string_to_array(regexp_replace(parse_step_path.path, '^\$\.', ''), '.')
  end;
$$;

comment on function rota_core.parse_step_path(text) is
$doc$The keys of a plain path such as `fetch.items`; null when it is none.$doc$;

revoke all on function rota_core.parse_step_path(text) from public;
