create or replace function rota_core.end_phase(place rota_core.event_position)
returns rota_core.event_position
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  place.last_id := 0;
  if (place).phase = 0 then
    place.phase := 1;
    return place;
  end if;
  place.phase := 0;
  place.low := (place).high;
  place.low_id := (place).high_id;
  place.high := null;
  place.high_id := null;
  return place;
end;
$$;

comment on function rota_core.end_phase(rota_core.event_position) is
$doc$The position after the last page of a phase: from the stragglers to what is new, from there to
a window that is closed.$doc$;

revoke all on function rota_core.end_phase(rota_core.event_position) from public;
