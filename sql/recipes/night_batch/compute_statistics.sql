create or replace function night_batch.compute_statistics(input jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_begin jsonb := compute_statistics.input -> 'begin';
  v_day date := (v_begin ->> 'day')::date;
  v_from timestamptz := v_day::timestamp at time zone 'UTC';
  v_to timestamptz := (v_day + 1)::timestamp at time zone 'UTC';
  v_stats analytics.user_stats;
  v_computed boolean;
begin
  select s.*
  into v_stats
  from analytics.user_stats as s
  where s.date = v_day;

  -- last_activity_at moves on, so a recount would differ: the first result stands.
  v_computed := not found or (v_begin ->> 'recompute')::boolean;
  if v_computed then
    insert into analytics.user_stats as s (
      date, active_users, new_users, returning_users, computed_at
    )
    select
      v_day,
      count(*) filter (where u.last_activity_at >= v_from),
      count(*) filter (where u.created_at >= v_from and u.created_at < v_to),
      count(*) filter (where u.last_activity_at >= v_from and u.created_at < v_from),
      (v_begin ->> 'at')::timestamptz
    from public.users as u
    on conflict (date) do update set
      active_users = excluded.active_users,
      new_users = excluded.new_users,
      returning_users = excluded.returning_users,
      computed_at = excluded.computed_at
    returning s.* into v_stats;
  end if;

  perform rota.log('info', 'user statistics', to_jsonb(v_stats));
  return to_jsonb(v_stats) || jsonb_build_object('computed', v_computed);
end;
$$;

comment on function night_batch.compute_statistics(jsonb) is
$doc$The handler of the step `statistics`: the users of the day, in one scan.

Active: seen since the day began. New: signed up within the day. Returning: active, and signed up
before the day. Days are UTC.$doc$;

revoke all on function night_batch.compute_statistics(jsonb) from public;
grant execute on function night_batch.compute_statistics(jsonb) to night_batch;
