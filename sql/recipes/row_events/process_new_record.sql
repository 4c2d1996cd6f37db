create or replace function row_events.process_new_record(record jsonb)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select row_events.add_usage(process_new_record.record, 1);
$$;

comment on function row_events.process_new_record(jsonb) is
$doc$What is done for a row that was inserted: the file counts in its owner's usage.$doc$;

revoke all on function row_events.process_new_record(jsonb) from public;
grant execute on function row_events.process_new_record(jsonb) to row_events;
