create or replace function rota_core.capture_query(
  definition jsonb, operation text, ids text default '$1', chunk text default '$2'
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_test constant text := rota_core.capture_test(definition, operation);
  v_plain constant boolean := v_test in ('true', 'record_image_ne(n.r, o.r)');
  v_new constant text := rota_core.capture_side(definition, 'new', operation = 'UPDATE');
  v_old constant text := rota_core.capture_side(definition, 'old', operation = 'UPDATE');
  v_chunks text;
begin
  -- Chunks are aggregated by hashing, which keeps the order of rows in each; the trigger function
  -- switches sorting off, which would not. In which order the chunks come out is then no matter:
  -- each takes the identity of its number.
  if operation = 'UPDATE' and v_plain then
    v_chunks := format($q$
      select x.g, z.events, z.record, z.old_record
      from (
        select y.g, array_agg(y.r) as r
        from (select (n.k - 1) / %3$s as g, n.r from (%1$s) as n) as y group by y.g
      ) as x
      join (
        select y.g, array_agg(y.r) as r
        from (select (o.k - 1) / %3$s as g, o.r from (%2$s) as o) as y group by y.g
      ) as w on w.g = x.g
      cross join lateral (
        select count(*) as events, json_agg(p.n) as record, json_agg(p.o) as old_record
        from (select unnest(x.r) as n, unnest(w.r) as o) as p
        where record_image_ne(p.n, p.o)
      ) as z
      where z.events > 0 $q$, v_new, v_old, chunk);
  elsif operation = 'UPDATE' then
    v_chunks := format($q$
      select y.g, count(*) as events, json_agg(y.n) as record, json_agg(y.o) as old_record
      from (
        select (row_number() over (order by x.k) - 1) / %4$s as g, x.n, x.o
        from (
          select n.k, n.r as n, o.r as o from (%1$s) as n join (%2$s) as o on o.k = n.k where %3$s
        ) as x
      ) as y
      group by y.g $q$, v_new, v_old, v_test, chunk);
  else
    v_chunks := format($q$
      select y.g, count(*) as events, %1$s
      from (
        select (row_number() over () - 1) / %5$s as g, x.r
        from (select %2$s.r from (%3$s) as %2$s where %4$s) as x
      ) as y
      group by y.g $q$,
      case operation
        when 'INSERT' then 'json_agg(y.r) as record, null::json as old_record'
        else 'null::json as record, json_agg(y.r) as old_record'
      end,
      case operation when 'INSERT' then 'n' else 'o' end,
      case operation when 'INSERT' then v_new else v_old end,
      v_test, chunk);
  end if;

  return format($q$
    insert into rota_core.event (event_id, watch_id, topic, type, events, record, old_record)
    select (%s)[c.g + 1], %L::int, %L, %L, c.events, c.record, c.old_record
    from (%s) as c $q$,
    ids,
    definition ->> 'watch_id', definition ->> 'topic', operation, v_chunks);
end;
$$;

comment on function rota_core.capture_query(jsonb, text, text, text) is
$doc$The statement that captures any number of rows, from the transition tables of the trigger
function that executes it. ids: identities of as many rows of the log as may be needed; chunk: how
many events a row holds.

Old and new rows pair by their place: a key may have changed, or be there twice after
cascades.$doc$;

revoke all on function rota_core.capture_query(jsonb, text, text, text) from public;
grant execute on function rota_core.capture_query(jsonb, text, text, text) to rota_capture;
