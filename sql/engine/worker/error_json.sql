create or replace function rota_core.error_json(
  sqlstate text, message text, detail text default '', hint text default '', context text default ''
)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'sqlstate', error_json.sqlstate,
    'message', error_json.message,
    'detail', nullif(error_json.detail, ''),
    'hint', nullif(error_json.hint, ''),
    'context', nullif(error_json.context, '')
  ));
$$;

comment on function rota_core.error_json(text, text, text, text, text) is
$doc$An error as history keeps it: sqlstate, message, and detail, hint and context where there are
any.$doc$;

revoke all on function rota_core.error_json(text, text, text, text, text) from public;
grant execute on function rota_core.error_json(text, text, text, text, text) to rota_worker;
