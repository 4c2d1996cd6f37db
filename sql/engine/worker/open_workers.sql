create or replace function rota_core.open_workers()
returns table (
  worker_id int, kind text, lane text, pid int, backend_start timestamptz, seen_at timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select w.worker_id, w.kind, w.lane, w.pid, w.backend_start, w.seen_at
  from rota_core.worker as w
  where w.ended_at is null;
$$;

comment on function rota_core.open_workers() is
$doc$The workers that have neither left nor been declared lost.$doc$;

revoke all on function rota_core.open_workers() from public;
grant execute on function rota_core.open_workers() to rota_worker;
