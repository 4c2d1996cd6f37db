create or replace function rota_core.capture_side(
  definition jsonb, side text, numbered boolean default false, source text default null
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_row_level constant boolean := definition ->> 'level' = 'row' and source is null;
  v_source constant text := case when v_row_level then side else 't' end;
  v_kept text;
  v_tested text;
begin
  select
    string_agg(format('%s.%I', v_source, a.attname), ', ' order by a.attnum)
    filter (where not coalesce(definition -> 'exclude' @> to_jsonb(a.attnum), false)),
    string_agg(format(', %s.%I as c%s', v_source, a.attname, a.attnum), '' order by a.attnum)
    filter (where definition -> 'tested' @> to_jsonb(a.attnum))
  into v_kept, v_tested
  from pg_attribute as a
  where a.attrelid = (definition ->> 'relation')::oid and a.attnum > 0 and not a.attisdropped;

  -- A bare name would be taken by a column of that name; `t.*` never is, and in a CASE it is not
  -- spread into columns.
  return format(
    'select %s%s as r%s%s%s',
    case when numbered then 'row_number() over () as k, ' else '' end,
    case
      when definition ->> 'exclude' is not null then 'case when true then u.* end'
      when v_row_level then side
      else 'case when true then t.* end'
    end,
    v_tested,
    case when not v_row_level then format(' from %s as t', coalesce(source, 'rota_' || side)) end,
    case
      when definition ->> 'exclude' is not null then format(
        '%s (select %s) as u', case when v_row_level then ' from' else ' cross join lateral' end,
        v_kept
      )
    end
  );
end;
$$;

comment on function rota_core.capture_side(jsonb, text, boolean, text) is
$doc$The subquery that gives the new or the old rows of a statement to the functions that capture
them: r is the row without what is excluded, c1, c2 and so on what a filter looks at, k the place of
the row. The source is a transition table, the row of a row trigger, or what is given.

It reads the names of the columns as they are now.$doc$;

revoke all on function rota_core.capture_side(jsonb, text, boolean, text) from public;
grant execute on function rota_core.capture_side(jsonb, text, boolean, text) to rota_capture;
