create or replace function rota_core.has_news(place rota_core.event_position)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_source rota_core.subscription;
  v_like text;
  -- In a variable: a volatile function is no condition on an index.
  v_now constant timestamptz := rota_core.wall_clock();
begin
  perform rota_core.plan_for_index();
  -- Plans for each look cost more than the looks.
  perform set_config('plan_cache_mode', 'force_generic_plan', true);
  if (place).high is not null or (place).phase = 1 or exists (
    select
    from rota_core.held_event as h
    where h.subscription = (place).subscription and h.shard = (place).shard
      and h.next_at <= v_now
  ) then
    return true;
  end if;

  select s.* into v_source
  from rota_core.subscription as s where s.subscription = (place).subscription;
  v_like := rota_core.topic_pattern(v_source.topic);
  if strpos(v_source.topic, '*') = 0 then
    if exists (
      select
      from rota_core.event as e
      where e.topic = v_source.topic and e.event_id > (place).low_id
        and (v_source.types is null or e.type = any(v_source.types))
    ) then
      return true;
    end if;
  elsif exists (
    select
    from rota_core.event as e
    where e.topic like v_like and e.event_id > (place).low_id
      and (v_source.types is null or e.type = any(v_source.types))
  ) then
    return true;
  end if;
  -- By transaction: || keeps the planner from going through all of a topic.
  return exists (
    select
    from rota_core.event as e
    where e.xid >= pg_snapshot_xmax((place).low) and e.event_id <= (place).low_id
      and e.topic || '' like v_like and (v_source.types is null or e.type = any(v_source.types))
  ) or exists (
    select
    from rota_core.event as e
    where e.xid = any(array(select pg_snapshot_xip((place).low))) and e.event_id <= (place).low_id
      and e.topic || '' like v_like and (v_source.types is null or e.type = any(v_source.types))
  );
end;
$$;

comment on function rota_core.has_news(rota_core.event_position) is
$doc$Whether there is anything for a shard to read or to try again. What is visible to this
statement and was not to the position's snapshot counts.$doc$;

revoke all on function rota_core.has_news(rota_core.event_position) from public;
