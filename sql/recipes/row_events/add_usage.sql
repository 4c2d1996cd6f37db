create or replace function row_events.add_usage(file jsonb, files int)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into row_events.usage as u (owner_id, files, bytes)
  values (
    (add_usage.file ->> 'owner_id')::bigint,
    add_usage.files,
    add_usage.files * (add_usage.file ->> 'bytes')::bigint
  )
  on conflict (owner_id) do update
  set files = u.files + excluded.files, bytes = u.bytes + excluded.bytes;
$$;

comment on function row_events.add_usage(jsonb, int) is
$doc$Counts a file in the usage of its owner: once with files = 1, away with files = -1.$doc$;

revoke all on function row_events.add_usage(jsonb, int) from public;
grant execute on function row_events.add_usage(jsonb, int) to row_events;
