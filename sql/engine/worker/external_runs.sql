create or replace function rota_core.external_runs(run_ids bigint[])
returns table (run_id bigint, attempt int, worker_id int, key text)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select r.run_id, r.attempt, r.worker_id, r.key
  from rota_core.run as r
  join rota_core.task as t on t.task = r.task
  where r.run_id = any(external_runs.run_ids) and r.state = 'running' and t.kind = 'external';
$$;

comment on function rota_core.external_runs(bigint[]) is
$doc$Who has these external runs now. One that is missing was cancelled, timed out or given to
others.$doc$;

revoke all on function rota_core.external_runs(bigint[]) from public;
grant execute on function rota_core.external_runs(bigint[]) to rota_worker;
