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
  v_few boolean;
  v_width numeric;
  v_sample numeric;
  v_chunk bigint;
  v_ids bigint[];
  v_planning text[];
begin
%1$s%7$s
  -- What fails here is done again below.
  begin%2$s
  exception when others then
    v_few := null;
  end;
  if v_few then
    if v_events > 0 then
      insert into rota_core.event (watch_id, topic, type, events, record, old_record)
      values (%3$s, %4$L, %5$L, v_events, v_record, v_old_record);
    end if;
    return null;
  elsif greatest(v_new_rows, v_old_rows) = 0 then
    return null;
  end if;

  %6$s
  return null;
end;
$body$,
    -- A partition that was detached keeps its triggers.
    case when (definition ->> 'partitioned')::boolean then format($q$
  if tg_relid <> %1$s and not rota_core.is_within(tg_relid, %1$s) then
    return null;
  end if;$q$, definition ->> 'relation') end,
    rota_core.capture_few(definition, operation),
    definition ->> 'watch_id',
    definition ->> 'topic',
    operation,
    rota_core.capture_many(definition, operation),
    rota_core.capture_one(definition, operation)
  );
end;
$$;

comment on function rota_core.capture_body(jsonb, text) is
$doc$The body of the trigger function that captures an operation on a table, by the statement.$doc$;

revoke all on function rota_core.capture_body(jsonb, text) from public;
