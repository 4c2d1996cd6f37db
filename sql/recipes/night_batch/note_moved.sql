create or replace function night_batch.note_moved(state jsonb, moved bigint)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select note_moved.state || jsonb_build_object(
    'rows', note_moved.moved,
    'archived', (note_moved.state ->> 'archived')::bigint + note_moved.moved
  );
$$;

comment on function night_batch.note_moved(jsonb, bigint) is
$doc$The state after a chunk of archiving: its rows, and the sum so far.$doc$;

revoke all on function night_batch.note_moved(jsonb, bigint) from public;
grant execute on function night_batch.note_moved(jsonb, bigint) to night_batch;
