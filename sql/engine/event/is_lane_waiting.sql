create or replace function rota_core.is_lane_waiting(lane text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rota_core.plan_for_index();
  return exists (
    select
    from rota_core.run as r
    where r.lane = is_lane_waiting.lane and r.state = 'queued' and not r.limited
      and r.run_at <= rota_core.wall_clock()
  ) or rota_core.has_limited_due(lane, rota_core.wall_clock());
end;
$$;

comment on function rota_core.is_lane_waiting(text) is
$doc$Whether runs of a lane are due and wait for a worker.$doc$;

revoke all on function rota_core.is_lane_waiting(text) from public;
