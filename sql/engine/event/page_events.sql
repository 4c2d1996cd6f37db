create or replace function rota_core.page_events(
  place rota_core.position, source rota_core.subscription, chunks bigint[], topics text[],
  max_events int
)
returns rota_core.event_page
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_keyed constant boolean := (source).ordered or (source).shards > 1;
  v_filter constant jsonpath := (source).filter;
  v_envelopes text[];
  v_page rota_core.event_page;
begin
  with found as (
    select e.*
    from rota_core.event as e
    where (place).phase = 1 and e.topic = any(page_events.topics)
      and e.event_id between chunks[1] and chunks[cardinality(chunks)]
      and pg_visible_in_snapshot(e.xid, (place).high)
      and ((source).types is null or e.type = any((source).types))
    union all
    select e.*
    from rota_core.event as e
    where (place).phase = 0 and e.event_id = any(chunks)
  ),
  chunk as materialized (
    select
      e.event_id, e.events, e.record, e.old_record, e.key, w.key as key_columns,
      ',"topic":' || to_json(e.topic) || ',"type":' || to_json(e.type) || ',"at":' || to_json(e.at)
      || case when e.watch_id is null then ',"key":' || coalesce(to_json(e.key)::text, 'null')
        || ',"payload":'
      else ',"schema":' || to_json(w.schema_name) || ',"table":' || to_json(w.table_name)
        || ',"record":' end as head,
      case when e.watch_id is not null then ',"old_record":' end as middle
    from found as e
    left join rota_core.watch as w on w.watch_id = e.watch_id
  ),
  single as (
    select
      c.event_id, c.key, c.key_columns, c.head, c.middle,
      coalesce(substr(c.record::text, 2, length(c.record::text) - 2), 'null') as record,
      coalesce(substr(c.old_record::text, 2, length(c.old_record::text) - 2), 'null') as old_record
    from chunk as c
    where c.events = 1
    union all
    select
      c.event_id + x.ordinal - 1, c.key, c.key_columns, c.head, c.middle,
      coalesce(x.record::text, 'null'), coalesce(x.old_record::text, 'null')
    from chunk as c
    cross join lateral rows from (
      json_array_elements(c.record), json_array_elements(c.old_record)
    ) with ordinality as x (record, old_record, ordinal)
    where c.events > 1
  ),
  keyed as (
    select
      s.event_id,
      case when v_keyed then
        coalesce(s.key, rota_core.event_key(s.record::json, s.old_record::json, s.key_columns))
      end as key,
      '{"event_id":' || s.event_id || s.head || s.record
      || case when s.middle is null then '' else s.middle || s.old_record end || '}' as envelope
    from single as s
    where s.event_id > (place).last_id
    order by s.event_id
    limit page_events.max_events
  )
  select
    array_agg(k.envelope order by k.event_id) filter (where k.wanted),
    array_agg(k.event_id order by k.event_id) filter (where k.wanted),
    case when v_keyed then array_agg(k.key order by k.event_id) filter (where k.wanted) end,
    max(k.event_id)
  into v_envelopes, v_page.ids, v_page.keys, v_page.last_id
  from (
    select
      e.event_id, e.key, e.envelope,
      (v_filter is null or coalesce(rota_core.envelope_json(e.envelope) @@ v_filter, false))
      and ((source).shards = 1 or (place).shard = (
        hashtextextended(coalesce(e.key, e.event_id::text), 0) & 9223372036854775807
      ) % (source).shards) as wanted
    from keyed as e
  ) as k;

  -- All envelopes are read as JSON at once: half the cost of building each.
  begin
    v_page.events := ('[' || array_to_string(v_envelopes, ',') || ']')::jsonb;
  exception when data_exception or program_limit_exceeded then
    v_page.events := (
      select jsonb_agg(rota_core.envelope_json(u.envelope) order by u.ordinal)
      from unnest(v_envelopes) with ordinality as u (envelope, ordinal)
    );
  end;
  return v_page;
end;
$$;

comment on function rota_core.page_events(
  rota_core.position, rota_core.subscription, bigint[], text[], int
) is
$doc$The events of some rows of the log that a position has not passed yet, as handlers get
them.$doc$;

revoke all on function rota_core.page_events(
  rota_core.position, rota_core.subscription, bigint[], text[], int
) from public;
