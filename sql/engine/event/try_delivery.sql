create or replace function rota_core.try_delivery(statement text, events jsonb, role text)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name constant text := current_setting('application_name');
  v_attempt constant text := current_setting('rota.attempt', true);
  v_sqlstate text;
  v_message text;
  v_detail text;
  v_hint text;
  v_context text;
begin
  begin
    execute statement using events;
    set constraints all immediate;
    -- The handler may have replaced search_path: qualify everything.
    if pg_catalog.current_setting('transaction_read_only') operator(pg_catalog.=) 'on' then
      perform rota_core.refuse_read_only();
    end if;
    if pg_catalog.pg_my_temp_schema() operator(pg_catalog.<>) 0 then
      discard temp;
    end if;
  exception when assert_failure or others then
    get stacked diagnostics
      v_sqlstate = returned_sqlstate, v_message = message_text, v_detail = pg_exception_detail,
      v_hint = pg_exception_hint, v_context = pg_exception_context;
  end;
  -- First: another role may not call what is below.
  if pg_catalog.current_setting('role') operator(pg_catalog.<>) role then
    perform pg_catalog.set_config('role', role, false);
  end if;
  perform rota_core.reset_session(v_name, v_attempt);
  if v_sqlstate is not null then
    return rota_core.error_json(v_sqlstate, v_message, v_detail, v_hint, v_context);
  end if;
  return null;
end;
$$;

comment on function rota_core.try_delivery(text, jsonb, text) is
$doc$Hands events to a handler, inside a block of its own. Returns the error, when all that was done
is undone, or null.

A cancel or timeout is not caught: the attempt fails.$doc$;

revoke all on function rota_core.try_delivery(text, jsonb, text) from public;
grant execute on function rota_core.try_delivery(text, jsonb, text) to rota_worker;
