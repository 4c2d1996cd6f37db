create or replace function rota_core.next_unread(place rota_core.position)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_source rota_core.subscription;
  v_like text;
  v_after bigint := greatest((place).low_id, case (place).phase when 1 then (place).last_id end);
begin
  perform rota_core.plan_for_index();
  select s.* into v_source
  from rota_core.subscription as s where s.subscription = (place).subscription;
  v_like := rota_core.topic_pattern(v_source.topic);
  if strpos(v_source.topic, '*') = 0 then
    return (
      select e.at
      from rota_core.event as e
      where e.topic = v_source.topic and e.event_id > v_after
        and (v_source.types is null or e.type = any(v_source.types))
      order by e.event_id
      limit 1
    );
  end if;
  return (
    select e.at
    from rota_core.event as e
    where e.topic like v_like and e.event_id > v_after
      and (v_source.types is null or e.type = any(v_source.types))
    order by e.event_id
    limit 1
  );
end;
$$;

comment on function rota_core.next_unread(rota_core.position) is
$doc$The time of the oldest event that a shard has not read; null when it has read all. Stragglers,
committed late with older numbers, are not looked for.$doc$;

revoke all on function rota_core.next_unread(rota_core.position) from public;
