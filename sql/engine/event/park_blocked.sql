create or replace function rota_core.park_blocked(
  place rota_core.event_position, page rota_core.event_page
)
returns rota_core.event_page
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_page rota_core.event_page := page;
  v_blocked bigint[];
begin
  -- One that is held itself, because of a replay, is in the retry list already.
  v_blocked := array(
    select u.event_id
    from unnest((page).ids, (page).keys) as u (event_id, key)
    where exists (
      select
      from rota_core.held_event as h
      where h.subscription = (place).subscription and h.key = u.key and h.event_id <= u.event_id
    )
  );
  if v_blocked = '{}' then
    return page;
  end if;

  insert into rota_core.held_event (subscription, event_id, shard, key, event, held_at)
  select
    (place).subscription, u.event_id, (place).shard, u.key, (page).events -> (u.ordinal - 1)::int,
    rota_core.wall_clock()
  from unnest((page).ids, (page).keys) with ordinality as u (event_id, key, ordinal)
  where u.event_id = any(v_blocked)
  on conflict do nothing;

  select
    jsonb_agg((page).events -> (u.ordinal - 1)::int order by u.ordinal),
    array_agg(u.event_id order by u.ordinal), array_agg(u.key order by u.ordinal)
  into v_page.events, v_page.ids, v_page.keys
  from unnest((page).ids, (page).keys) with ordinality as u (event_id, key, ordinal)
  where u.event_id <> all(v_blocked);
  return v_page;
end;
$$;

comment on function rota_core.park_blocked(rota_core.event_position, rota_core.event_page) is
$doc$Puts events behind an earlier one of their key that is held, and returns the others.$doc$;

revoke all on function rota_core.park_blocked(rota_core.event_position, rota_core.event_page)
from public;
