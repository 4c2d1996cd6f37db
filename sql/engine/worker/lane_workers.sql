create or replace function rota_core.lane_workers()
returns table (lane text, workers int)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select l.lane, l.workers from rota_core.lane as l order by l.lane <> 'default', l.lane;
$$;

comment on function rota_core.lane_workers() is
$doc$Every lane and how many workers it should have.$doc$;

revoke all on function rota_core.lane_workers() from public;
grant execute on function rota_core.lane_workers() to rota_worker;
