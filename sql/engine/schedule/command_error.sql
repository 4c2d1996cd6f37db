create or replace function rota_core.command_error(message text)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message constant text := coalesce(message, 'it failed');
  v_end constant text := $re$(.*?)\s*(?:$|\n[[:upper:]]+: )$re$;
begin
  return rota_core.error_json(
    null,
    substring(v_message from '^(?:[[:upper:]]+: +)?' || v_end),
    substring(v_message from '\nDETAIL: +' || v_end),
    substring(v_message from '\nHINT: +' || v_end),
    substring(v_message from '\nCONTEXT: +' || v_end)
  );
end;
$$;

comment on function rota_core.command_error(text) is
$doc$An error as history keeps it, from pg_cron's return_message. That has no sqlstate.$doc$;

revoke all on function rota_core.command_error(text) from public;
