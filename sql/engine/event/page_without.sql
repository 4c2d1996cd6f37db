create or replace function rota_core.page_without(
  page rota_core.event_page, blocked text[], after int
)
returns rota_core.event_page
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_page rota_core.event_page := page;
begin
  select
    jsonb_agg((page).events -> (u.place - 1)::int order by u.place),
    array_agg(u.event_id order by u.place), array_agg(u.key order by u.place)
  into v_page.events, v_page.ids, v_page.keys
  from unnest((page).ids, (page).keys) with ordinality as u (event_id, key, place)
  where u.place <= page_without.after or u.key is null or u.key <> all(blocked);
  return v_page;
end;
$$;

comment on function rota_core.page_without(rota_core.event_page, text[], int) is
$doc$A page without the events of some keys that stand after a place.$doc$;

revoke all on function rota_core.page_without(rota_core.event_page, text[], int) from public;
grant execute on function rota_core.page_without(rota_core.event_page, text[], int) to rota_worker;
