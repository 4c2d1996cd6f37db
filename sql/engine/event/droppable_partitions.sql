create or replace function rota_core.droppable_partitions()
returns table (name text, missed jsonb)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_keep constant interval := rota_core.setting('event_keep')::interval;
  v_limit constant bigint := rota_core.parse_size(rota_core.setting('event_max_size'));
  v_size bigint := rota_core.log_size();
  v_released text[];
  v_part record;
  v_place rota_core.event_position;
  v_need record;
begin
  -- Locked, so that none is resumed until the partitions are gone and what it missed is written
  -- down. One that is just being resumed counts as a reader.
  select array_agg(f.subscription || ':' || f.shard)
  into v_released
  from (
    select p.subscription, p.shard
    from rota_core.event_position as p
    where p.released_at is not null
    for update skip locked
  ) as f;

  <<looking>>
  for v_part in
    select p.* from rota_core.partitions('event') as p where p.to_at <= v_now
  loop
    exit when v_part.to_at >= v_now - v_keep and (v_limit is null or v_size <= v_limit);
    missed := '[]';
    for v_place in select p.* from rota_core.event_position as p order by p.subscription, p.shard loop
      if not v_place.subscription || ':' || v_place.shard = any(v_released) is true then
        v_place.released_at := null;
      end if;
      select n.* into v_need from rota_core.needs_partition(v_place, v_part.name) as n;
      continue when v_need.first_id is null;
      continue looking when v_place.released_at is null;
      missed := missed || (to_jsonb(v_need)
        || jsonb_build_object('subscription', v_place.subscription, 'shard', v_place.shard));
    end loop;
    name := v_part.name;
    v_size := v_size - v_part.bytes;
    return next;
  end loop;
end;
$$;

comment on function rota_core.droppable_partitions() is
$doc$The days of the event log that may go, oldest first: older than event_keep, or the oldest while
the log is larger than event_max_size; and read by every subscription that has not let go of them.
With what those that have will miss.$doc$;

revoke all on function rota_core.droppable_partitions() from public;
