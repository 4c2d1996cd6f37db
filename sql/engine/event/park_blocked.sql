create or replace function rota_core.park_blocked(
  place rota_core.position, page rota_core.event_page
)
returns rota_core.event_page
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_blocked text[];
begin
  v_blocked := array(
    select distinct h.key
    from rota_core.held_event as h
    where h.subscription = (place).subscription and h.key = any((page).keys)
  );
  if v_blocked = '{}' then
    return page;
  end if;

  insert into rota_core.held_event (subscription, event_id, shard, key, event, held_at)
  select
    (place).subscription, u.event_id, (place).shard, u.key, (page).events -> (u.ordinal - 1)::int,
    rota_core.wall_clock()
  from unnest((page).ids, (page).keys) with ordinality as u (event_id, key, ordinal)
  where u.key = any(v_blocked)
  on conflict do nothing;

  return rota_core.page_without(page, v_blocked, 0);
end;
$$;

comment on function rota_core.park_blocked(rota_core.position, rota_core.event_page) is
$doc$Puts events behind an earlier one of their key that is held, and returns the others.$doc$;

revoke all on function rota_core.park_blocked(rota_core.position, rota_core.event_page) from public;
