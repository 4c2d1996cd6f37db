create or replace function rota_core.search_path(schemas jsonb)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select concat_ws(', ', 'pg_catalog', string_agg(quote_ident(s.name), ', '), 'pg_temp')
  from jsonb_array_elements_text(search_path.schemas) as s (name);
$$;

comment on function rota_core.search_path(jsonb) is
$doc$A search_path with schemas between pg_catalog and pg_temp.$doc$;

revoke all on function rota_core.search_path(jsonb) from public;
grant execute on function rota_core.search_path(jsonb) to rota_admin, rota_capture;
