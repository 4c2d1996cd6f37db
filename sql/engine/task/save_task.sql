create or replace function rota_core.save_task(
  name text, handler text, kind text, timeout interval, max_attempts int, initial_delay interval,
  backoff_factor numeric, max_delay interval, jitter numeric, retry_on text[], lane text,
  priority int, concurrency int, mutex text, rate_limit text, run_as text, callers name[],
  alert text, tags text[], owner text, doc jsonb
)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_handler text;
  v_takes text := 'nothing';
  v_void boolean := false;
begin
  perform rota_core.check_name('task', name);
  perform rota_core.check_name('lane', lane);
  perform rota_core.check_policy(kind, timeout, max_attempts, initial_delay, backoff_factor,
    max_delay, jitter, retry_on, concurrency, doc);
  perform rota_core.parse_rate_limit(rate_limit);
  perform rota_core.check_callers(callers);

  if kind <> 'external' then
    select h.handler_name, h.takes, h.returns_void
    into v_handler, v_takes, v_void
    from rota_core.resolve_handler(handler, kind) as h;
  end if;
  perform rota_core.check_run_as(run_as);
  perform rota_core.warn_unreachable(v_handler, run_as);

  insert into rota_core.lane (lane, workers, created_at)
  values (save_task.lane, 1, v_now)
  on conflict do nothing;

  insert into rota_core.task as t (
    task, handler, kind, takes, returns_void, statement, timeout, max_attempts, initial_delay,
    backoff_factor, max_delay, jitter, retry_on, lane, priority, concurrency, mutex, rate_limit,
    run_as, callers, alert, tags, owner, doc, redact, defined_at, defined_by
  )
  values (
    name, v_handler, kind, v_takes, v_void and run_as is null,
    rota_core.handler_statement(v_handler, v_takes, v_void, run_as),
    timeout, max_attempts, initial_delay, backoff_factor, max_delay, jitter,
    coalesce(retry_on, '{}'), lane, coalesce(priority, 0), concurrency, mutex, rate_limit,
    run_as, callers, alert, coalesce(tags, '{}'), owner, doc,
    array(select jsonb_array_elements_text(coalesce(doc -> 'redact', '[]'))), v_now,
    rota_core.caller()
  )
  on conflict (task) do update set
    (handler, kind, takes, returns_void, statement, timeout, max_attempts, initial_delay,
      backoff_factor, max_delay, jitter, retry_on, lane, priority, concurrency, mutex, rate_limit,
      run_as, callers, alert, tags, owner, doc, redact, defined_at, defined_by,
      retired_at) =
    (excluded.handler, excluded.kind, excluded.takes, excluded.returns_void, excluded.statement,
      excluded.timeout, excluded.max_attempts, excluded.initial_delay, excluded.backoff_factor,
      excluded.max_delay, excluded.jitter, excluded.retry_on, excluded.lane, excluded.priority,
      excluded.concurrency, excluded.mutex, excluded.rate_limit, excluded.run_as,
      excluded.callers, excluded.alert, excluded.tags, excluded.owner, excluded.doc,
      excluded.redact, excluded.defined_at, excluded.defined_by, excluded.retired_at)
  where t.kind <> 'pipeline';
  if not found then
    raise exception using
      errcode = 'duplicate_object',
      message = format('task %s is a pipeline', name),
      hint = format('Choose another name, or first: select rota.drop_pipeline(%L);', name);
  end if;

  perform rota_core.place_runs(name);
  perform rota_core.follow_task(name);
  perform rota_core.sync_cron();
  return name;
end;
$$;

comment on function rota_core.save_task(
  text, text, text, interval, int, interval, numeric, interval, numeric, text[], text, int, int,
  text, text, text, name[], text, text[], text, jsonb
) is
$doc$The part of rota.define_task that writes.$doc$;

revoke all on function rota_core.save_task(
  text, text, text, interval, int, interval, numeric, interval, numeric, text[], text, int, int,
  text, text, text, name[], text, text[], text, jsonb
) from public;
grant execute on function rota_core.save_task(
  text, text, text, interval, int, interval, numeric, interval, numeric, text[], text, int, int,
  text, text, text, name[], text, text[], text, jsonb
) to rota_admin;
