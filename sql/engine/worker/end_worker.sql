create or replace function rota_core.end_worker(worker_id int)
returns void
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  update rota_core.worker as w
  set ended_at = rota_core.wall_clock(), seen_at = rota_core.wall_clock(), outcome = 'ended'
  where w.worker_id = end_worker.worker_id and w.ended_at is null;
$$;

comment on function rota_core.end_worker(int) is
$doc$Records that a worker left by itself, with nothing claimed.$doc$;

revoke all on function rota_core.end_worker(int) from public;
grant execute on function rota_core.end_worker(int) to rota_worker;
