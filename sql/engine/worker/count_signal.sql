create or replace function rota_core.count_signal(
  run_id bigint, attempt int, pid int, since timestamptz
)
returns int
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_signals int;
begin
  -- Within a transaction pg_stat_activity shows what it showed at first.
  perform pg_stat_clear_snapshot();
  if not exists (
    select
    from rota_core.worker_backends() as b
    where b.run_id = count_signal.run_id and b.pid = count_signal.pid
      and b.since = count_signal.since
  ) then
    return null;
  end if;

  update rota_core.run as r
  set stop_signals = r.stop_signals + 1, stop_signalled_at = rota_core.wall_clock()
  where r.run_id = count_signal.run_id and r.attempt = count_signal.attempt
    and r.worker_id is not null and r.stop_reason is not null
  returning r.stop_signals into v_signals;
  return v_signals;
end;
$$;

comment on function rota_core.count_signal(bigint, int, int, timestamptz) is
$doc$Looks again whether a backend is still in the same call of a handler, under its gate lock;
returns the number of the signal that may now be sent, or null for none.$doc$;

revoke all on function rota_core.count_signal(bigint, int, int, timestamptz) from public;
grant execute on function rota_core.count_signal(bigint, int, int, timestamptz) to rota_worker;
