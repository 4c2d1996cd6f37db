create or replace function rota_core.log_topics(topic text)
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if strpos(topic, '*') = 0 then
    return array[topic];
  end if;
  -- From topic to topic by the index: there are few, of many events each.
  return array(
    with recursive found as (
      (select e.topic from rota_core.event as e order by e.topic limit 1)
      union all
      select (
        select e.topic from rota_core.event as e where e.topic > f.topic order by e.topic limit 1
      )
      from found as f
      where f.topic is not null
    )

    select f.topic from found as f where f.topic like rota_core.topic_pattern(log_topics.topic)
  );
end;
$$;

comment on function rota_core.log_topics(text) is
$doc$The topics in the log that a subscription reads.$doc$;

revoke all on function rota_core.log_topics(text) from public;
