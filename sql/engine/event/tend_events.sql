create or replace function rota_core.tend_events()
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not pg_try_advisory_xact_lock(1919906917, 2) then
    return false;
  end if;

  -- A plan for a log of any length.
  perform rota_core.plan_for_index();
  delete from rota_core.missed_span as m
  where m.noted_at < rota_core.wall_clock() - rota_core.setting('event_keep')::interval;
  perform rota_core.note_lags();
  -- The last deed: what it locks is locked until the commit.
  perform rota_core.drop_event_partitions();
  return true;
end;
$$;

comment on function rota_core.tend_events() is
$doc$Upkeep of the event log, once a minute: who lags, who holds the log up for too long, and which
of its days may go. Returns false when another session is at it.$doc$;

revoke all on function rota_core.tend_events() from public;
grant execute on function rota_core.tend_events() to rota_worker;
