create or replace function rota_core.lease_page(
  place rota_core.event_position, page rota_core.event_page, ordered boolean, lease interval
)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rota_core.wall_clock();
  v_ids bigint[];
begin
  with copied as (
    insert into rota_core.held_event as h (
      subscription, event_id, shard, key, event, attempts, next_at, leased_by, held_at
    )
    select
      (place).subscription, u.event_id, (place).shard, u.key, u.event, u.first::int,
      case when u.first then v_now + lease end, case when u.first then rota_core.caller() end, v_now
    from (
      select
        p.event_id, p.key, (page).events -> (p.place - 1)::int as event,
        not ordered or p.key is null
        or row_number() over (partition by p.key order by p.place) = 1 as first
      from unnest((page).ids, (page).keys) with ordinality as p (event_id, key, place)
    ) as u
    on conflict on constraint held_event_pkey do nothing
    returning h.event_id, h.leased_by
  )
  select array_agg(c.event_id) filter (where c.leased_by is not null)
  into v_ids
  from copied as c;
  return coalesce(v_ids, '{}');
end;
$$;

comment on function rota_core.lease_page(
  rota_core.event_position, rota_core.event_page, boolean, interval
) is
$doc$Copies a page of the log into leases of the caller's. Where order matters, of each key only the
first: the others wait behind it. One that is held already, as after a replay, stays as it is.$doc$;

revoke all on function rota_core.lease_page(
  rota_core.event_position, rota_core.event_page, boolean, interval
) from public;
