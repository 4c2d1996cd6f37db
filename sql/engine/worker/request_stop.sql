create or replace function rota_core.request_stop(run_id bigint, attempt int, reason text)
returns void
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  update rota_core.run as r
  set stop_reason = request_stop.reason, stop_requested_at = rota_core.wall_clock()
  where r.run_id = request_stop.run_id and r.attempt = request_stop.attempt
    and r.worker_id is not null and r.stop_reason is null;
$$;

comment on function rota_core.request_stop(bigint, int, text) is
$doc$Notes why an attempt is about to be interrupted: without a note the worker takes a cancel for
stray.$doc$;

revoke all on function rota_core.request_stop(bigint, int, text) from public;
grant execute on function rota_core.request_stop(bigint, int, text) to rota_worker;
