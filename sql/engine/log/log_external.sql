create or replace function rota_core.log_external(
  worker_id int, run_id bigint, attempt int, level text, message text, context jsonb
)
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_task text;
  v_paths text[];
  v_lines bigint;
begin
  select t.task, t.redact
  into v_task, v_paths
  from rota_core.run as r
  join rota_core.task as t on t.task = r.task
  where r.run_id = log_external.run_id and r.attempt = log_external.attempt
    and r.worker_id = log_external.worker_id and t.kind = 'external';
  if not found then
    return false;
  end if;

  select count(*)
  into v_lines
  from rota_core.log as l
  where l.run_id = log_external.run_id and l.attempt = log_external.attempt;
  if v_lines >= 1000 then
    return false;
  end if;

  insert into rota_core.log (at, level, message, context, component, run_id, task, attempt)
  values (
    rota_core.wall_clock(), log_external.level, left(log_external.message, 65536),
    rota_core.redact(log_external.context, 'log', v_paths),
    coalesce(log_external.context ->> 'component', v_task), log_external.run_id, v_task,
    log_external.attempt
  );
  return true;
end;
$$;

comment on function rota_core.log_external(int, bigint, int, text, text, jsonb) is
$doc$Writes a log line of an external run. Returns false, and writes nothing, when the attempt is
not this worker's any more or has its 1,000 lines.$doc$;

revoke all on function rota_core.log_external(int, bigint, int, text, text, jsonb) from public;
grant execute on function rota_core.log_external(int, bigint, int, text, text, jsonb)
to rota_worker;
