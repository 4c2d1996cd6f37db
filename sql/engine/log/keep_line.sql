create or replace function rota_core.keep_line(line jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_base bigint := split_part(current_setting('rota.attempt'), ' ', 3)::bigint;
  v_bytes int :=
    coalesce(substring(current_setting('rota.log_bytes', true) from '^\d{1,9}$'), '0')::int;
  v_ordinal bigint;
begin
  -- Counts the line even when a rollback undoes everything else this function does.
  perform from rota_core.log_mark;
  v_ordinal := pg_stat_get_xact_numscans('rota_core.log_mark'::regclass) - v_base;
  v_bytes := v_bytes + octet_length(line::text);
  if v_ordinal > 1000 or v_bytes > 1048576 then
    return;
  end if;

  -- PREPARE is not transactional: the line outlives a rollback of the handler's block.
  execute format(
    'prepare %I as select %L',
    format('rota_log_%s_%s', pg_backend_pid(), v_ordinal), encode(convert_to(line::text, 'UTF8'), 'hex')
  );
  perform set_config('rota.log_bytes', v_bytes::text, true);
exception when duplicate_prepared_statement or program_limit_exceeded or out_of_memory then
  raise warning 'log line not stored: %', sqlerrm;
end;
$$;

comment on function rota_core.keep_line(jsonb) is
$doc$Keeps a log line in the session, beyond a rollback, until the worker collects it.$doc$;

revoke all on function rota_core.keep_line(jsonb) from public;
