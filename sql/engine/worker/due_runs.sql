create or replace function rota_core.due_runs(lanes text[], external_tasks text[])
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_paused text[] := rota_core.paused_tasks(v_now);
begin
  return (
    select count(*)
    from rota_core.run as r
    join rota_core.task as t on t.task = r.task
    where r.lane = any(due_runs.lanes) and r.state = 'queued' and r.run_at <= v_now
      and r.task <> all(v_paused)
      and (t.kind <> 'external' or r.task = any(due_runs.external_tasks))
      and not exists (
        select from rota_core.pause as p
        where p.kind = 'lane' and p.name = r.lane and (p.until is null or p.until > v_now)
      )
  );
end;
$$;

comment on function rota_core.due_runs(text[], text[]) is
$doc$How many runs of these lanes wait for a worker, external ones only of the tasks named.$doc$;

revoke all on function rota_core.due_runs(text[], text[]) from public;
grant execute on function rota_core.due_runs(text[], text[]) to rota_worker;
