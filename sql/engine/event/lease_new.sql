create or replace function rota_core.lease_new(
  source rota_core.subscription, max_events int, lease interval
)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_until constant timestamptz := clock_timestamp() + interval '0.2 s';  -- real time: of a search
  v_keyed rota_core.subscription := source;
  v_place rota_core.event_position;
  v_read record;
  v_page rota_core.event_page;
  v_ids bigint[] := array[]::bigint[];
begin
  -- The copies carry their keys.
  v_keyed.ordered := true;
  for v_place in
    select p.*
    from rota_core.event_position as p
    where p.subscription = (source).subscription
    order by p.shard
    for update skip locked
  loop
    exit when cardinality(v_ids) >= max_events;
    -- An idle look writes nothing, but for what keeps the position near the head of the log.
    continue when not rota_core.has_news(v_place)
      and v_place.moved_at > rota_core.wall_clock() - interval '1 minute';
    while not rota_core.is_behind_much(source) loop
      select r.place, r.page
      into v_read
      from rota_core.read_window(v_place, v_keyed, max_events - cardinality(v_ids)) as r;
      v_place := v_read.place;
      v_page := v_read.page;
      if (source).ordered and (v_page).events is not null then
        v_page := rota_core.park_blocked(v_place, v_page);
      end if;
      if (v_page).events is not null then
        v_ids := v_ids || rota_core.lease_page(v_place, v_page, (source).ordered, lease);
        v_place.delivered := v_place.delivered + cardinality(v_page.ids);
      end if;
      exit when v_read.page is null and v_place.high is null;
      v_place := rota_core.pass_page(v_place, v_read.page);
      exit when cardinality(v_ids) >= max_events or clock_timestamp() > v_until;
    end loop;
    perform rota_core.store_position(v_place);
  end loop;
  return v_ids;
end;
$$;

comment on function rota_core.lease_new(rota_core.subscription, int, interval) is
$doc$Reads on in the log and leases copies of what is there. A shard that another session reads just
now is left to it.$doc$;

revoke all on function rota_core.lease_new(rota_core.subscription, int, interval) from public;
