create or replace function rota_core.capture_row_body(definition jsonb, operation text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_sides constant text[] := case operation
    when 'INSERT' then array['new'] when 'DELETE' then array['old'] else array['new', 'old']
  end;
  v_filtered constant boolean :=
    definition ->> 'exclude' is not null or definition -> 'tested' <> '[]';
  v_sources text;
  v_values text;
begin
  select
    string_agg(format('(%s) as %s', rota_core.capture_side(definition, s.side),
      left(s.side, 1)), ' cross join '),
    string_agg(format('json_build_array(%s.r)', left(s.side, 1)), ', ')
  into v_sources, v_values
  from unnest(v_sides) as s (side);

  return format($body$
#variable_conflict use_column
declare
  v_kept boolean;
  v_record json;
  v_old_record json;
begin
  if tg_relid <> %1$s and %2$s and not rota_core.is_within(tg_relid, %1$s) then
    return null;
  end if;
  begin
    if %3$s then
      select %4$s, %5$s into v_kept, %6$s from %7$s;
    end if;
  exception when others then
    v_kept := null;
  end;

  if v_kept is null then
    begin
      execute rota_core.capture_row_query(%8$L, %9$L) into v_kept, v_record, v_old_record
      using new, old;
    exception when others then
      perform rota_core.note_capture(%10$s, sqlstate, sqlerrm);
      begin
        execute rota_core.capture_row_query(%11$L, %9$L) into v_kept, v_record, v_old_record
        using new, old;
      exception when others then
        perform rota_core.note_capture(%10$s, sqlstate, 'a change was lost: ' || sqlerrm);
      end;
    end;
  end if;
  if v_kept then
    insert into rota_core.event (watch_id, topic, type, record, old_record)
    values (%10$s, %12$L, %9$L, v_record, v_old_record);
  end if;
  return null;
end;
$body$,
    definition ->> 'relation',
    -- The triggers of partitions are copies: they go when a partition is detached.
    case when (definition ->> 'partitioned')::boolean then 'false' else 'true' end,
    case when v_filtered then format(
      'rota_core.columns_of(%s) = %L', definition ->> 'relation', definition ->> 'digest'
    ) else 'true' end,
    rota_core.capture_test(definition, operation),
    v_values,
    (select string_agg(case s.side when 'new' then 'v_record' else 'v_old_record' end, ', ')
     from unnest(v_sides) as s (side)),
    v_sources,
    definition, operation, definition ->> 'watch_id', definition - 'columns' - 'condition',
    definition ->> 'topic'
  );
end;
$$;

comment on function rota_core.capture_row_body(jsonb, text) is
$doc$The body of the trigger function that captures an operation on a table, row by row.$doc$;

revoke all on function rota_core.capture_row_body(jsonb, text) from public;
