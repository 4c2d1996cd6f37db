create or replace function rota_core.delivery_statement(task rota_core.task, mode text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call text;
begin
  if (task).kind in ('external', 'chunked')
    or (task).concurrency is not null or (task).mutex is not null or (task).rate_limit is not null
  then
    return format('select rota_core.start_for_events(%L, %L, $1)', (task).task, mode);
  end if;

  v_call := case
    when mode = 'batch' then format('select %s($1)', (task).handler)
    else format(
      'select rota_core.refuse_leftovers(count(%s(%s)), current_setting(''search_path''), '
      'current_setting(''role''), %L) from jsonb_array_elements($1) as e (event)',
      (task).handler, case when (task).takes <> 'nothing' then 'e.event' end,
      current_setting('role')
    )
  end;
  if (task).run_as is null then
    return v_call;
  end if;
  return format(
    'select rota_core.%I(%L, true, $1, null)', rota_core.trampoline_name((task).run_as), v_call
  );
end;
$$;

comment on function rota_core.delivery_statement(rota_core.task, text) is
$doc$The statement that hands an array of events, $1, to a task: one EXECUTE for all of them. Tasks
whose work or limits belong to runs are started instead.$doc$;

revoke all on function rota_core.delivery_statement(rota_core.task, text) from public;
