create or replace function rota_core.page_envelopes(
  place rota_core.event_position, source rota_core.subscription, chunks bigint[], topics text[],
  max_events int, out envelopes text[], out ids bigint[], out keys text[], out last_id bigint
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_phase constant int := (place).phase;
  v_last_id constant bigint := (place).last_id;
  v_high constant pg_snapshot := (place).high;
  v_types constant text[] := (source).types;
  v_shards constant int := (source).shards;
  v_keyed constant boolean := (source).ordered or (source).shards > 1;
  v_filter constant jsonpath := (source).filter;
begin
  -- The rows of a page come in their order from the sorted subquery. What the events of a row of the
  -- log have in common is made once: the offset keeps it from being copied to where it is used.
  select
    array_agg(k.envelope) filter (where k.wanted), array_agg(k.event_id) filter (where k.wanted),
    case when v_keyed then array_agg(k.key) filter (where k.wanted) end, max(k.event_id)
  into envelopes, ids, keys, last_id
  from (
    select
      s.event_id, s.key, s.envelope,
      s.envelope is not null
      and (v_filter is null or coalesce(rota_core.envelope_json(s.envelope) @@ v_filter, false))
      as wanted
    from (
      select y.event_id, y.key,
        case when v_shards = 1 or (place).shard = (
          hashtextextended(coalesce(y.key, y.event_id::text), 0) & 9223372036854775807
        ) % v_shards
        then '{"event_id":' || y.event_id || y.head || y.body || '}'
        end as envelope
      from (
        select
          e.event_id + x.ordinal - 1 as event_id, e.head,
          x.record || case when e.is_change then ',"old_record":' || x.old_record else '' end as body,
          case when v_keyed then coalesce(
            e.key,
            case when e.key_column is null
              then rota_core.event_key(x.record::json, x.old_record::json, e.key_columns)
              when x.record = 'null' then x.old_record::json ->> e.key_column
              else x.record::json ->> e.key_column end
          ) end as key
        from (
          select
            n.event_id, n.key, n.events, n.record, n.old_record, n.watch_id is not null as is_change,
            w.key as key_columns,
            case when v_keyed and cardinality(w.key) = 1 then w.key[1] end as key_column,
            ',"topic":' || to_json(n.topic) || ',"type":' || to_json(n.type)
            || ',"at":' || to_json(n.at)
            || case
              when n.watch_id is null
                then ',"key":' || coalesce(to_json(n.key)::text, 'null') || ',"payload":'
              else ',"schema":' || to_json(w.schema_name) || ',"table":' || to_json(w.table_name)
                || ',"record":' end as head
          from (
            select n.*
            from rota_core.event as n
            where v_phase = 1 and n.topic = any(page_envelopes.topics)
              and n.event_id between chunks[1] and chunks[cardinality(chunks)]
              and pg_visible_in_snapshot(n.xid, v_high)
              and (v_types is null or n.type = any(v_types))
            union all
            select o.*
            from rota_core.event as o
            where v_phase = 0 and o.event_id = any(chunks)
          ) as n
          left join rota_core.watch as w on w.watch_id = n.watch_id
          offset 0
        ) as e
        cross join lateral (
          select
            1 as ordinal, coalesce((e.record -> 0)::text, 'null') as record,
            coalesce((e.old_record -> 0)::text, 'null') as old_record
          where e.events = 1
          union all
          select m.ordinal, coalesce(m.record::text, 'null'), coalesce(m.old_record::text, 'null')
          from rows from (
            json_array_elements(e.record), json_array_elements(e.old_record)
          ) with ordinality as m (record, old_record, ordinal)
          where e.events > 1
        ) as x
        where e.event_id + x.ordinal - 1 > v_last_id
        order by 1
        limit page_envelopes.max_events
      ) as y
    ) as s
  ) as k;
end;
$$;

comment on function rota_core.page_envelopes(
  rota_core.event_position, rota_core.subscription, bigint[], text[], int
) is
$doc$The events of some rows of the log that a position has not passed yet and that are wanted, as
the text of what handlers get, with their numbers and, where these matter, their keys. last_id is
that of the last one, wanted or not.$doc$;

revoke all on function rota_core.page_envelopes(
  rota_core.event_position, rota_core.subscription, bigint[], text[], int
) from public;
