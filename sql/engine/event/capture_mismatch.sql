create or replace function rota_core.capture_mismatch(definition jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_keys constant jsonb := coalesce(definition -> 'key', '[]');
  v_definition constant jsonb := jsonb_set(
    definition, '{tested}', (definition -> 'tested') || v_keys
  );
  v_key text;
begin
  -- Without a key that is still there, rows that did not change pair.
  select string_agg(format('x.c%s', a.attnum), ', ')
  into v_key
  from pg_attribute as a
  where a.attrelid = (definition ->> 'relation')::oid and not a.attisdropped
    and v_keys @> to_jsonb(a.attnum)
  having count(*) = jsonb_array_length(v_keys);

  return format($q$
    with side_n as materialized (
      select x.*, row_number() over (partition by %1$s order by x.k) as m, %1$s as t
      from (%2$s) as x
    ),
    side_o as materialized (
      select x.*, row_number() over (partition by %1$s order by x.k) as m, %1$s as t
      from (%3$s) as x
    ),
    change (rank, type, k, n, o) as (
      select 2, 'UPDATE', n.k, n.r, o.r
      from side_n as n join side_o as o on o.t = n.t and o.m = n.m
      where %4$s
      union all
      select 1, 'DELETE', o.k, null, o.r
      from side_o as o
      where not exists (select from side_n as n where n.t = o.t and n.m = o.m) and %5$s
      union all
      select 3, 'INSERT', n.k, n.r, null
      from side_n as n
      where not exists (select from side_o as o where o.t = n.t and o.m = n.m) and %6$s
    )
    insert into rota_core.event (watch_id, topic, type, record, old_record)
    select
      %7$L::int, %8$L, c.type,
      case when c.type <> 'DELETE' then json_build_array(c.n) end,
      case when c.type <> 'INSERT' then json_build_array(c.o) end
    from change as c
    where c.type = any(%9$L)
    order by c.rank, c.k $q$,
    case when v_key is null then 'x.r::text' else format('row(%s)::text', v_key) end,
    rota_core.capture_side(v_definition, 'new', true),
    rota_core.capture_side(v_definition, 'old', true),
    rota_core.capture_test(definition, 'UPDATE'),
    rota_core.capture_test(definition, 'DELETE'),
    rota_core.capture_test(definition, 'INSERT'),
    definition ->> 'watch_id', definition ->> 'topic',
    array(select jsonb_array_elements_text(definition -> 'operations'))::text
  );
end;
$$;

comment on function rota_core.capture_mismatch(jsonb) is
$doc$The statement that captures an UPDATE with more old than new rows: a BEFORE trigger of the
partition that a row was to move to swallowed it. Rows whose key stayed pair; the rest are deletions
and insertions.$doc$;

revoke all on function rota_core.capture_mismatch(jsonb) from public;
grant execute on function rota_core.capture_mismatch(jsonb) to rota_capture;
