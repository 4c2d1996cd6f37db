create or replace function night_batch.move_window(
  from_at timestamptz,
  from_id bigint,
  to_at timestamptz,
  to_id bigint
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '50ms'
set plan_cache_mode = force_custom_plan
as $$
declare
  v_deleted bigint;
  v_archived bigint;
begin
  begin
    with moved as (
      delete from public.notifications as n
      where (n.created_at, n.id) > (move_window.from_at, move_window.from_id)
        and (n.created_at, n.id) <= (move_window.to_at, move_window.to_id)
      returning n.id, n.user_id, n.message, n.created_at, n.read_at
    ),

    kept as (
      insert into archive.notifications (id, user_id, message, created_at, read_at)
      select m.id, m.user_id, m.message, m.created_at, m.read_at
      from moved as m
      returning 1
    )

    select (select count(*) from moved), (select count(*) from kept)
    into v_deleted, v_archived;
  exception
    when lock_not_available then
      with free as (
        select n.id
        from public.notifications as n
        where (n.created_at, n.id) > (move_window.from_at, move_window.from_id)
          and (n.created_at, n.id) <= (move_window.to_at, move_window.to_id)
        for update skip locked
      ),

      moved as (
        delete from public.notifications as n
        using free as f
        where n.id = f.id
          and (n.created_at, n.id) > (move_window.from_at, move_window.from_id)
          and (n.created_at, n.id) <= (move_window.to_at, move_window.to_id)
        returning n.id, n.user_id, n.message, n.created_at, n.read_at
      ),

      kept as (
        insert into archive.notifications (id, user_id, message, created_at, read_at)
        select m.id, m.user_id, m.message, m.created_at, m.read_at
        from moved as m
        returning 1
      )

      select (select count(*) from moved), (select count(*) from kept)
      into v_deleted, v_archived;
  end;

  return night_batch.confirm_moved(v_deleted, v_archived);
end;
$$;

comment on function night_batch.move_window(timestamptz, bigint, timestamptz, bigint) is
$doc$Move the notifications after one `(created_at, id)`, up to and including another.

Returns how many. Rows that someone else has locked for more than 50 ms stay where they are.$doc$;

revoke all on function night_batch.move_window(timestamptz, bigint, timestamptz, bigint)
from public;
grant execute on function night_batch.move_window(timestamptz, bigint, timestamptz, bigint)
to night_batch;
