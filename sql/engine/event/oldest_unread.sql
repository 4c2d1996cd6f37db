create or replace function rota_core.oldest_unread(
  subscription text, shard int, out event_id bigint, out at timestamptz
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_place rota_core.event_position;
  v_source rota_core.subscription;
  v_since bigint;
begin
  select p.* into v_place
  from rota_core.event_position as p
  where p.subscription = oldest_unread.subscription and p.shard = oldest_unread.shard;
  select s.* into v_source
  from rota_core.subscription as s where s.subscription = oldest_unread.subscription;

  v_since := case when v_place.high is not null and v_place.phase = 1
    then greatest((v_place.last_id + 1) / 1024 * 1024, v_place.low_id + 1)
    else v_place.low_id + 1 end;
  select u.event_id, u.at
  into oldest_unread.event_id, oldest_unread.at
  from (
    select n.event_id, n.at
    from unnest(rota_core.log_topics(v_source.topic)) as t (topic)
    cross join lateral (
      select e.event_id, e.at
      from rota_core.event as e
      where e.topic = t.topic and e.event_id >= v_since
        and (v_source.types is null or e.type = any(v_source.types))
        and not rota_core.has_passed(v_place, e.xid, e.event_id, e.events)
      order by e.event_id
      limit 1
    ) as n
    union all
    -- What committed late, with numbers from before: of transactions that were open then, or that
    -- began between the look at the transactions and that at the numbers.
    select e.event_id, e.at
    from rota_core.event as e
    where (
      e.xid = any(array(
        select pg_snapshot_xip(v_place.low) union select pg_snapshot_xip(v_place.high)
      ))
      or e.xid >= pg_snapshot_xmax(v_place.low)
      and e.xid < (pg_snapshot_xmax(v_place.low)::text::bigint + 1000)::text::xid8
    )
    and e.event_id < v_since
    -- By transaction: || keeps the planner from going through all of a topic.
    and e.topic || '' like rota_core.topic_pattern(v_source.topic)
    and (v_source.types is null or e.type = any(v_source.types))
    and not rota_core.has_passed(v_place, e.xid, e.event_id, e.events)
  ) as u
  order by u.event_id
  limit 1;
end;
$$;

comment on function rota_core.oldest_unread(text, int) is
$doc$The oldest row of the log that a shard of a subscription has still to read, by its number, and
since when it is there.$doc$;

revoke all on function rota_core.oldest_unread(text, int) from public;
grant execute on function rota_core.oldest_unread(text, int) to rota_reader, rota_admin;
