create or replace function night_batch.delete_sessions(input jsonb, state jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '50ms'
as $$
declare
  v_started timestamptz := clock_timestamp();
  v_run jsonb := delete_sessions.input -> 'run';
  v_target regclass := coalesce(v_run ->> 'sessions_table', 'auth.sessions');
  v_expiry text := coalesce(v_run ->> 'sessions_time_column', 'expires_at');
  v_at timestamptz := (delete_sessions.input #>> '{begin,at}')::timestamptz;
  v_page bigint := coalesce((delete_sessions.state ->> 'page')::bigint, 0);
  v_size int := coalesce((delete_sessions.state ->> 'size')::int, 64);
  v_pages bigint := coalesce((delete_sessions.state ->> 'pages')::bigint, (
    select greatest(pg_relation_size(v_target), max(pg_relation_size(t.relid)))
      / current_setting('block_size')::int
    from pg_partition_tree(v_target) as t
  ));
  v_from tid := format('(%s,0)', v_page)::tid;
  v_to tid := format('(%s,0)', v_page + v_size)::tid;
  v_due text := format('s.ctid >= $1 and s.ctid < $2 and s.%I < $3', v_expiry);
  v_rows bigint;
  v_total bigint;
begin
  begin
    execute format('delete from %s as s where %s', v_target, v_due)
    using v_from, v_to, v_at;
    get diagnostics v_rows = row_count;
  exception
    when lock_not_available then
      -- The condition is repeated: a session that was extended meanwhile stays. One
      -- that is locked, or has moved to an earlier page, waits for the next night.
      execute format(
        'with free as (
           select s.tableoid, s.ctid from %1$s as s where %2$s for update skip locked
         )
         delete from %1$s as s using free as f
         where s.tableoid = f.tableoid and s.ctid = f.ctid and %2$s',
        v_target, v_due
      ) using v_from, v_to, v_at;
      get diagnostics v_rows = row_count;
  end;

  v_total := v_rows + coalesce((delete_sessions.state ->> 'deleted')::bigint, 0);
  if v_page + v_size >= v_pages then
    perform rota.log('info', 'expired sessions deleted', jsonb_build_object('deleted', v_total));
    return jsonb_build_object('done', true, 'deleted', v_total, 'rows', v_rows);
  end if;
  return jsonb_build_object(
    'state', jsonb_build_object(
      'page', v_page + v_size,
      'pages', v_pages,
      'size', night_batch.pace(v_size, clock_timestamp() - v_started),
      'deleted', v_total
    ),
    'progress', jsonb_build_object('done', v_page + v_size, 'total', v_pages),
    'rows', v_rows
  );
end;
$$;

comment on function night_batch.delete_sessions(jsonb, jsonb) is
$doc$The handler of the step `sessions`, a chunk: the sessions of some pages that had expired when
the run began are deleted.

Reads each page of the table once, so it needs no index and works with any table.$doc$;

revoke all on function night_batch.delete_sessions(jsonb, jsonb) from public;
grant execute on function night_batch.delete_sessions(jsonb, jsonb) to night_batch;
