create or replace function rota_core.has_passed(
  place rota_core.position, xid xid8, event_id bigint, events int
)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if pg_visible_in_snapshot(xid, (place).low) then
    return true;
  elsif (place).high is null or not pg_visible_in_snapshot(xid, (place).high) then
    return false;
  elsif event_id <= (place).low_id then
    return (place).phase = 1 or event_id + events - 1 <= (place).last_id;
  end if;
  return (place).phase = 1 and event_id + events - 1 <= (place).last_id;
end;
$$;

comment on function rota_core.has_passed(rota_core.position, xid8, bigint, int) is
$doc$Whether a position has passed all events of a row of the log.$doc$;

revoke all on function rota_core.has_passed(rota_core.position, xid8, bigint, int) from public;
