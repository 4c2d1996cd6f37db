create or replace function rota_core.has_passed(
  place rota_core.event_position, xid xid8, event_id bigint, events int
)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if event_id <= (place).low_id and pg_visible_in_snapshot(xid, (place).low) then
    return true;
  elsif event_id <= (place).low_id and (place).phase = 1 then
    -- In a window that is to be opened, what can be seen here will be seen.
    return (place).high is null or pg_visible_in_snapshot(xid, (place).high);
  end if;
  return coalesce(
    pg_visible_in_snapshot(xid, (place).high) and event_id + events - 1 <= (place).last_id
    and (event_id <= (place).low_id or (place).phase = 1), false
  );
end;
$$;

comment on function rota_core.has_passed(rota_core.event_position, xid8, bigint, int) is
$doc$Whether a position has passed all events of a row of the log.$doc$;

revoke all on function rota_core.has_passed(rota_core.event_position, xid8, bigint, int)
from public;
