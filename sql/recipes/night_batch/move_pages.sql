create or replace function night_batch.move_pages(
  from_page bigint,
  to_page bigint,
  cutoff timestamptz
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '50ms'
set plan_cache_mode = force_custom_plan
as $$
declare
  v_from tid := format('(%s,0)', move_pages.from_page)::tid;
  v_to tid := format('(%s,0)', move_pages.to_page)::tid;
  v_deleted bigint;
  v_archived bigint;
begin
  begin
    with moved as (
      delete from public.notifications as n
      where n.ctid >= v_from and n.ctid < v_to and n.created_at < move_pages.cutoff
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
      -- The condition stands in the delete again: no row is ever moved on the word of an
      -- earlier look at it.
      with free as (
        select n.id
        from public.notifications as n
        where n.ctid >= v_from and n.ctid < v_to and n.created_at < move_pages.cutoff
        for update skip locked
      ),

      moved as (
        delete from public.notifications as n
        using free as f
        where n.id = f.id and n.created_at < move_pages.cutoff
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

comment on function night_batch.move_pages(bigint, bigint, timestamptz) is
$doc$Move the notifications of some pages of the table that are older than the cutoff.

Returns how many. Rows that someone else has locked for more than 50 ms stay where they are.$doc$;

revoke all on function night_batch.move_pages(bigint, bigint, timestamptz) from public;
grant execute on function night_batch.move_pages(bigint, bigint, timestamptz) to night_batch;
