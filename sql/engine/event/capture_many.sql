create or replace function rota_core.capture_many(definition jsonb, operation text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return format($body$%1$s
  -- Until the end of the writer's transaction, so that it must be undone here.
  v_planning := rota_core.planning();
  perform set_config('enable_sort', 'off', true);
  perform set_config('enable_hashagg', 'on', true);
  perform set_config('enable_hashjoin', 'on', true);
  perform set_config('enable_nestloop', 'off', true);
  perform set_config('jit', 'off', true);
  perform set_config('plan_cache_mode', 'force_custom_plan', true);
  perform set_config(
    'work_mem', greatest(pg_size_bytes(current_setting('work_mem')), 67108864) / 1024 || 'kB', true
  );
  begin
    if v_new_rows <> v_old_rows then
      execute rota_core.capture_mismatch(%2$L);
    else
      -- How wide rows are as text, by those read above.
      v_width := v_width * coalesce(
        octet_length(concat(v_record, v_old_record)) / nullif(v_events, 0) / v_sample, 4
      );
      v_chunk := least(1024, greatest(1, trunc(7000 / v_width)));
      v_ids := array(
        select nextval('rota_core.event_id')
        from generate_series(0, greatest(v_new_rows, v_old_rows) / v_chunk)
      );
      if %7$s then
        %4$s;
      else
        execute rota_core.capture_query(%2$L, %3$L) using v_ids, v_chunk;
      end if;
    end if;
  exception when others then
    perform rota_core.note_capture(%5$s, sqlstate, sqlerrm);
    %6$s
  end;
  perform rota_core.plan_as_before(v_planning);
$body$,
    format($q$
  select count(*), avg(pg_column_size(t.*)), (
    select avg(pg_column_size(s.*)) from (table rota_%1$s limit 21) as s
  )
  into v_%1$s_rows, v_width, v_sample
  from rota_%1$s as t;%2$s$q$,
      case operation when 'DELETE' then 'old' else 'new' end,
      case when operation = 'UPDATE' then $q$
  select count(*) into v_old_rows from rota_old;$q$ end
    ),
    definition,
    operation,
    rota_core.capture_query(definition, operation, 'v_ids', 'v_chunk'),
    definition ->> 'watch_id',
    rota_core.capture_anyhow(definition, operation),
    case
      when definition ->> 'exclude' is not null or definition -> 'tested' <> '[]' then format(
        'rota_core.columns_of(%s) = %L', definition ->> 'relation', definition ->> 'digest'
      )
      else 'true'
    end
  );
end;
$$;

comment on function rota_core.capture_many(jsonb, text) is
$doc$The part of a trigger function that captures more than 20 rows, or rows that make more than one
row of the log, or rows of a table that has changed. It is planned each time, for as many rows as
there are.$doc$;

revoke all on function rota_core.capture_many(jsonb, text) from public;
