create or replace function rota.call_task(task text, input jsonb default '{}')
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call record;
  v_answer jsonb;
  v_state jsonb;
begin
  select h.* into v_call from rota_core.task_call(task, input) as h;

  loop
    if v_call.returns_void then
      execute v_call.statement using input, v_state;
    else
      execute v_call.statement into v_answer using input, v_state;
    end if;
    exit when v_call.kind <> 'chunked';

    perform rota_core.check_answer(v_answer);
    v_state := v_answer -> 'state';
    if (v_answer ->> 'done')::boolean then
      v_answer := v_answer - '{done,state}'::text[];
      exit;
    end if;
  end loop;
  return v_answer;
end;
$$;

comment on function rota.call_task(text, jsonb) is
$doc$Run a task's handler now, in the caller's transaction and with the caller's rights: to try it
out.

No run is recorded and nothing is retried; a chunked handler is called until it is done.
- input: a JSON object, handed to the handler.

Returns what the handler answers. Raises 42704 for an unknown task, 42501 when the caller is not
among its callers, 22023 for input that is no object or a task done outside the database, RT005
when a chunked handler answers in the wrong shape, and whatever the handler raises.
For: rota_app, rota_admin.$doc$;

revoke all on function rota.call_task(text, jsonb) from public;
grant execute on function rota.call_task(text, jsonb) to rota_app, rota_admin;
