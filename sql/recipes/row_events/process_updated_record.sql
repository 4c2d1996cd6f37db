create or replace function row_events.process_updated_record(old_record jsonb, record jsonb)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select row_events.add_usage(process_updated_record.old_record, -1);
  select row_events.add_usage(process_updated_record.record, 1);
$$;

comment on function row_events.process_updated_record(jsonb, jsonb) is
$doc$What is done for a row that was changed: the file may have another size or another owner.$doc$;

revoke all on function row_events.process_updated_record(jsonb, jsonb) from public;
grant execute on function row_events.process_updated_record(jsonb, jsonb) to row_events;
