create or replace function rota_core.hold_back(place rota_core.event_position)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rota_core.held_event as h
  set next_at = null
  where h.subscription = (place).subscription and h.shard = (place).shard
    and h.next_at <= rota_core.wall_clock() and h.key is not null
    and exists (
      select
      from rota_core.held_event as b
      where b.subscription = h.subscription and b.key = h.key and b.event_id < h.event_id
        and (b.next_at is null or b.next_at > rota_core.wall_clock())
    );
end;
$$;

comment on function rota_core.hold_back(rota_core.event_position) is
$doc$Lets events that are due wait where an earlier one of their key is not: dead letters that were
redriven, or what was held before the subscription was ordered.$doc$;

revoke all on function rota_core.hold_back(rota_core.event_position) from public;
