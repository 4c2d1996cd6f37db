create or replace function row_events.process_deleted_record(old_record jsonb)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select row_events.add_usage(process_deleted_record.old_record, -1);
$$;

comment on function row_events.process_deleted_record(jsonb) is
$doc$What is done for a row that was deleted: the file counts in its owner's usage no more.$doc$;

revoke all on function row_events.process_deleted_record(jsonb) from public;
grant execute on function row_events.process_deleted_record(jsonb) to row_events;
