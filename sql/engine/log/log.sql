create or replace function rota.log(level text, message text, context jsonb default '{}')
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_level text := lower(level);
  v_context jsonb := coalesce(context, '{}');
  v_message text := left(coalesce(message, ''), 65536);
  v_line jsonb;
begin
  if jsonb_typeof(v_context) <> 'object' then
    v_context := jsonb_build_object('context', v_context);
  end if;
  if v_level is null or v_level not in ('debug', 'info', 'warn', 'error') then
    v_context := v_context || jsonb_build_object('level', log.level);
    v_level := 'info';
  end if;

  if current_setting('rota.attempt', true) ~ '^\d{1,18} \d{1,9} \d{1,18}$' then
    v_line := jsonb_build_object('at', rota_core.wall_clock(), 'level', v_level,
      'message', v_message, 'context', v_context);
    perform rota_core.keep_line(v_line);
  elsif current_setting('transaction_read_only') = 'on' then
    raise warning using
      message = format('log line not stored, the transaction is read-only: %s', v_message);
  else
    insert into rota_core.log (at, level, message, context, component)
    values (rota_core.wall_clock(), v_level, v_message, v_context, v_context ->> 'component');
  end if;
end;
$$;

comment on function rota.log(text, text, jsonb) is
$doc$Write a log line. Inside a task the line belongs to the run's attempt and survives its failure.

- level: debug, info, warn or error (another one is kept in the context, and the line is info).
- message: text, up to 65,536 characters. context: a JSON object; `component` names the part of the
  system.

At most 1,000 lines or 1 MB are kept of one attempt; the number of those lost is logged. Never fails
the work: a line that cannot be kept is a warning.
For: rota_worker, rota_app, rota_admin, and every role that tasks run as.$doc$;

revoke all on function rota.log(text, text, jsonb) from public;
grant execute on function rota.log(text, text, jsonb) to rota_worker, rota_app, rota_admin;
