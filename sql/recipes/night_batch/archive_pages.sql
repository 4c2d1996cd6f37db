create or replace function night_batch.archive_pages(state jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_started timestamptz := clock_timestamp();
  v_page bigint := (archive_pages.state ->> 'page')::bigint;
  v_size int := (archive_pages.state ->> 'size')::int;
  v_rows bigint;
begin
  v_rows := night_batch.move_pages(
    v_page, v_page + v_size, (archive_pages.state ->> 'cutoff')::timestamptz
  );
  v_page := v_page + v_size;

  return night_batch.note_moved(archive_pages.state, v_rows) || jsonb_build_object(
    'page', v_page,
    'size', night_batch.pace(v_size, clock_timestamp() - v_started),
    'step', case
      when v_page < (archive_pages.state ->> 'pages')::bigint then 'pages' else 'sweep'
    end
  );
end;
$$;

comment on function night_batch.archive_pages(jsonb) is
$doc$Archiving, a chunk by pages: the quick way while much is due.

Rows that an update moves to a page already passed, and rows that arrive behind the last page, are
left to the sweep.$doc$;

revoke all on function night_batch.archive_pages(jsonb) from public;
grant execute on function night_batch.archive_pages(jsonb) to night_batch;
