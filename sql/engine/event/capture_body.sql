create or replace function rota_core.capture_body(definition jsonb, operation text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return format($body$
#variable_conflict use_column
declare
  v_new_rows bigint;
  v_old_rows bigint;
  v_events bigint;
  v_record json;
  v_old_record json;
  v_known boolean;
  v_width numeric;
  v_sample numeric;
  v_chunk bigint;
  v_ids bigint[];
begin
  if tg_relid <> %1$s and not rota_core.is_within(tg_relid, %1$s) then
    return null;
  end if;

  -- What fails here is done again below.
  begin
    %2$s
  exception when others then
    v_known := false;
  end;
  if greatest(v_new_rows, v_old_rows) = 0 then
    return null;
  end if;
  if v_known and greatest(v_new_rows, v_old_rows) <= 20
    and coalesce(v_new_rows = v_old_rows, true)
    and (v_events <= 1 or octet_length(concat(v_record, v_old_record)) <= 7500)
  then
    if v_events > 0 then
      insert into rota_core.event (watch_id, topic, type, events, record, old_record)
      values (%3$s, %4$L, %5$L, v_events, v_record, v_old_record);
    end if;
    return null;
  end if;

  %6$s
  perform set_config('enable_sort', 'off', true);
  perform set_config('enable_hashagg', 'on', true);
  perform set_config('enable_hashjoin', 'on', true);
  perform set_config('enable_nestloop', 'off', true);
  perform set_config('jit', 'off', true);
  perform set_config(
    'work_mem', greatest(pg_size_bytes(current_setting('work_mem')), 67108864) / 1024 || 'kB', true
  );
  begin
    if v_new_rows <> v_old_rows then
      execute rota_core.capture_mismatch(%7$L);
      return null;
    end if;
    -- How wide rows are as text, by those read above.
    v_width := v_width * coalesce(
      octet_length(concat(v_record, v_old_record)) / nullif(v_events, 0) / v_sample, 4
    );
    v_chunk := least(1024, greatest(1, trunc(7500 / v_width)));
    v_ids := array(
      select nextval('rota_core.event_id')
      from generate_series(0, greatest(v_new_rows, v_old_rows) / v_chunk)
    );
    execute case
      when v_known then %8$L else rota_core.capture_query(%7$L, %5$L)
    end using v_ids, v_chunk;
  exception when others then
    perform rota_core.note_capture(%3$s, sqlstate, sqlerrm);
    %9$s
  end;
  return null;
end;
$body$,
    definition ->> 'relation',
    rota_core.capture_few(definition, operation),
    definition ->> 'watch_id',
    definition ->> 'topic',
    operation,
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
    rota_core.capture_query(definition, operation),
    rota_core.capture_anyhow(definition, operation)
  );
end;
$$;

comment on function rota_core.capture_body(jsonb, text) is
$doc$The body of the trigger function that captures an operation on a table, by the statement.$doc$;

revoke all on function rota_core.capture_body(jsonb, text) from public;
