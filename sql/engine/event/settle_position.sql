create or replace function rota_core.settle_position(subscription text, shard int)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at rota_core.event_position;
  v_low pg_snapshot;
  v_low_id bigint;
  v_due timestamptz;
begin
  select p.* into v_at
  from rota_core.event_position as p
  where p.subscription = settle_position.subscription and p.shard = settle_position.shard
  for update skip locked;
  if not found or v_at.cluster <> rota_core.cluster_id() then
    return null;
  end if;

  v_due := (
    select min(h.next_at)
    from rota_core.held_event as h
    where h.subscription = v_at.subscription and h.shard = v_at.shard
  );
  if v_due <= rota_core.wall_clock() then
    return true;
  elsif rota_core.is_holding_much(v_at.subscription, v_at.shard) then
    -- There may be news, and it has to wait.
    v_at.wake_at := v_due;
    perform rota_core.store_position(v_at);
    return false;
  end if;

  -- In this order: what the snapshot sees has a number up to low_id, and has_news() sees it too.
  v_low := rota_core.snapshot_before(pg_current_xact_id(), pg_current_snapshot());
  v_low_id := (select s.last_value from rota_core.event_id as s);
  if rota_core.has_news(v_at) then
    return true;
  end if;
  v_at.low := v_low;
  v_at.low_id := v_low_id;
  v_at.wake_at := v_due;
  perform rota_core.store_position(v_at);
  return false;
end;
$$;

comment on function rota_core.settle_position(text, int) is
$doc$Whether there is news for a shard; where there is none, moves its position up to now, so that
the log is not kept for it. Null when another session has the position in hand.$doc$;

revoke all on function rota_core.settle_position(text, int) from public;
