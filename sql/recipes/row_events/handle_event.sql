create or replace function row_events.handle_event(event jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_done constant jsonb := jsonb_build_object('message', 'Event processed successfully');
  v_type constant text := event ->> 'type';
  v_record constant jsonb := nullif(event -> 'record', 'null');
  v_old_record constant jsonb := nullif(event -> 'old_record', 'null');
begin
  if v_type is null or v_type not in ('INSERT', 'UPDATE', 'DELETE')
    or (v_record is null) is distinct from (v_type = 'DELETE')
    or (v_old_record is null) is distinct from (v_type = 'INSERT')
  then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('event of type %s is not one of a row', coalesce(v_type, 'null')),
      hint = 'It is {"type": INSERT, UPDATE or DELETE, "table", "schema", "record", "old_record"}.';
  end if;

  -- What is delivered again, or sent by hand with its number, is done already.
  if event ->> 'event_id' is not null then
    insert into row_events.handled (event_id)
    values ((event ->> 'event_id')::bigint)
    on conflict (event_id) do nothing;
    if not found then
      return v_done;
    end if;
  end if;

  case v_type
    when 'INSERT' then perform row_events.process_new_record(v_record);
    when 'UPDATE' then perform row_events.process_updated_record(v_old_record, v_record);
    when 'DELETE' then perform row_events.process_deleted_record(v_old_record);
  end case;
  return v_done;
end;
$$;

comment on function row_events.handle_event(jsonb) is
$doc$The handler of the task `row-events`: hands a row change to the handler of its type.

The event is as rota delivers it, or without its number as a webhook sends it: type, table, schema,
record and old_record. Answers {"message": "Event processed successfully"}.

Raises 22023 for an event of another type, or one that lacks its records.$doc$;

revoke all on function row_events.handle_event(jsonb) from public;
grant execute on function row_events.handle_event(jsonb) to row_events;
