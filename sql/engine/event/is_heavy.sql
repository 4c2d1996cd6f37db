create or replace function rota_core.is_heavy(place rota_core.event_position)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce((
    select h.error ->> 'sqlstate' in ('57014', 'RT003')
    from rota_core.held_event as h
    where h.subscription = (place).subscription and h.shard = (place).shard
      and h.next_at <= rota_core.wall_clock()
    order by h.event_id
    limit 1
  ), false);
end;
$$;

comment on function rota_core.is_heavy(rota_core.event_position) is
$doc$Whether the first event that is due in a shard's retry list is one with which a worker was lost
or that ran out of time.$doc$;

revoke all on function rota_core.is_heavy(rota_core.event_position) from public;
