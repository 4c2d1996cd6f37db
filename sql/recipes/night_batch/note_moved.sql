create or replace function night_batch.note_moved(state jsonb, moved bigint)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select note_moved.state || jsonb_build_object(
    'rows', note_moved.moved,
    'output', (note_moved.state -> 'output') || jsonb_build_object(
      'notifications', jsonb_build_object('archived', t.archived, 'left', 0)
    ),
    'progress', jsonb_build_object(
      'done', t.archived,
      'total', greatest(t.archived, (note_moved.state ->> 'due')::bigint),
      'step', 'notifications'
    )
  )
  from (
    select
      note_moved.moved
        + (note_moved.state #>> '{output,notifications,archived}')::bigint as archived
  ) as t;
$$;

comment on function night_batch.note_moved(jsonb, bigint) is
$doc$The state after a chunk of step 3: its rows, the sum so far and the progress.$doc$;

revoke all on function night_batch.note_moved(jsonb, bigint) from public;
grant execute on function night_batch.note_moved(jsonb, bigint) to night_batch;
