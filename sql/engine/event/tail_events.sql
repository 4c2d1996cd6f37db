create or replace function rota_core.tail_events(
   after bigint default null, topics text[] default null, max_events int default 20,
  types text[] default null, since timestamptz default null
)
returns setof rota.events
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_topics constant text[] := array(
    select distinct f.topic
    from unnest(coalesce(topics, '{*}')) as t (topic)
    cross join lateral unnest(rota_core.log_topics(t.topic)) as f (topic)
  );
  v_from bigint := after / 1024 * 1024;
begin
  if after is null then
    v_from := (
      select min(n.event_id)
      from (
        select e.event_id
        from unnest(v_topics) as t (topic)
        cross join lateral (
          select r.event_id
          from rota_core.event as r
          where r.topic = t.topic
            and (tail_events.types is null or r.type = any(tail_events.types))
            and (tail_events.since is null or r.at >= tail_events.since)
          order by r.event_id desc
          limit tail_events.max_events
        ) as e
        order by e.event_id desc
        limit tail_events.max_events
      ) as n
    );
  end if;

  return query
  select
    x.event_id, x.at, x.topic, x.type, x.key, x.schema_name, x.table_name, x.payload, x.record,
    x.old_record
  from (
    select v.*
    from (
      select e.event_id
      from unnest(v_topics) as t (topic)
      cross join lateral (
        select r.event_id
        from rota_core.event as r
        where r.topic = t.topic and r.event_id >= v_from
          and (tail_events.types is null or r.type = any(tail_events.types))
          and (tail_events.since is null or r.at >= tail_events.since)
        order by r.event_id
        limit tail_events.max_events + 1
      ) as e
      order by e.event_id
      limit tail_events.max_events + 1
    ) as c
    join rota_core.log_event as v on v.row_id = c.event_id
    where after is null or v.event_id > after
    order by case when after is null then -v.event_id else v.event_id end
    limit tail_events.max_events
  ) as x
  order by x.event_id;
end;
$$;

comment on function rota_core.tail_events(bigint, text[], int, text[], timestamptz) is
$doc$Events in the order of their numbers: the newest, or those after one. What commits late, with a
number that was passed, is not shown: rota_core.follow_events misses nothing.
- topics: as subscriptions name them; types, since: of those only. Default: all.$doc$;

revoke all on function rota_core.tail_events(bigint, text[], int, text[], timestamptz) from public;
grant execute on function rota_core.tail_events(bigint, text[], int, text[], timestamptz)
to rota_reader, rota_admin;
