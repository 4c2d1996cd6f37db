create or replace function rota_core.delivery_statement(task rota_core.task, mode text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call text;
begin
  if (task).kind in ('external', 'chunked', 'pipeline')
    or (task).concurrency is not null or (task).mutex is not null or (task).rate_limit is not null
  then
    return format('select rota_core.start_for_events(%L, %L, $1)', (task).task, mode);
  end if;

  v_call := case
    when mode = 'batch' then format('select %s($1)', (task).handler)
    -- What a handler leaves of search_path and role the next one would have: several at a time only
    -- where it leaves nothing. Other settings and temporary tables last for the batch. This error is never shown, for alone it is not raised; and the role of
    -- run_as may call nothing of rota's here.
    else format(
      $f$select 1 / case when count(%s(%s)) > 1 and (current_setting('role') <> %L
          or current_setting('search_path') <> 'pg_catalog, pg_temp') then 0 else 1 end
        from jsonb_array_elements($1) as e (event)$f$,
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
