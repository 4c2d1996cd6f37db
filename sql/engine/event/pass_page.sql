create or replace function rota_core.pass_page(
  place rota_core.event_position, page rota_core.event_page, through_id bigint default null
)
returns rota_core.event_position
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if through_id is not null then
    place.last_id := through_id;
  elsif (page).ends then
    place := rota_core.end_phase(place);
  elsif (page).last_id is not null then
    place.last_id := (page).last_id;
  end if;
  return place;
end;
$$;

comment on function rota_core.pass_page(rota_core.event_position, rota_core.event_page, bigint) is
$doc$The position after a page, or after its events up to one.$doc$;

revoke all on function rota_core.pass_page(rota_core.event_position, rota_core.event_page, bigint)
from public;
