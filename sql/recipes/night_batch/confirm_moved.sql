create or replace function night_batch.confirm_moved(deleted bigint, archived bigint)
returns bigint
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if confirm_moved.deleted <> confirm_moved.archived then
    raise exception using
      errcode = 'integrity_constraint_violation',
      message = format(
        '%s notifications were deleted but %s archived',
        confirm_moved.deleted, confirm_moved.archived
      ),
      detail = 'The chunk was rolled back: nothing is lost.',
      hint = 'See what swallows rows: \d+ archive.notifications (triggers, rules).';
  end if;
  return confirm_moved.deleted;
end;
$$;

comment on function night_batch.confirm_moved(bigint, bigint) is
$doc$Both counts of a chunk must agree; else the chunk fails and rolls back.$doc$;

revoke all on function night_batch.confirm_moved(bigint, bigint) from public;
grant execute on function night_batch.confirm_moved(bigint, bigint) to night_batch;
