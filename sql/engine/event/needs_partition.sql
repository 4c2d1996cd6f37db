create or replace function rota_core.needs_partition(
  place rota_core.event_position, part text, out first_id bigint, out last_id bigint,
  out events bigint
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_source rota_core.subscription;
  v_newest xid8;
  v_last bigint;
begin
  if (place).cluster <> rota_core.cluster_id() and (place).released_at is null then
    -- Nobody can tell.
    first_id := 0;
    return;
  end if;

  execute format(
    'select
       (select e.xid from rota_core.%1$I as e order by e.xid desc limit 1),
       (select e.event_id from rota_core.%1$I as e order by e.event_id desc limit 1)', part
  ) into v_newest, v_last;
  -- A replay has set low_id back.
  if v_newest is null
    or v_newest < pg_snapshot_xmin((place).low) and v_last <= (place).low_id
  then
    return;
  end if;

  select s.* into v_source
  from rota_core.subscription as s where s.subscription = (place).subscription;
  execute format(
    'select min(e.event_id), max(e.event_id + e.events - 1), sum(e.events)
     from (
       select r.event_id, r.events
       from rota_core.%I as r
       where r.topic like $2 and ($3 is null or r.type = any($3))
         and not rota_core.has_passed($1, r.xid, r.event_id, r.events)
       limit $4
     ) as e', part
  )
  into first_id, last_id, events
  using place, rota_core.topic_pattern(v_source.topic), v_source.types,
    -- Only who has let go of the log wants them counted.
    case when (place).released_at is null then 1 end;
end;
$$;

comment on function rota_core.needs_partition(rota_core.event_position, text) is
$doc$What a shard of a subscription has still to read of a partition of the log: all nulls where
that is nothing. The events are all counted for one that was released.$doc$;

revoke all on function rota_core.needs_partition(rota_core.event_position, text) from public;
