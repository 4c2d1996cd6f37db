create or replace function night_batch.sweep_notifications(state jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
  v_cutoff timestamptz := (sweep_notifications.state ->> 'cutoff')::timestamptz;
  v_from_at timestamptz := coalesce(sweep_notifications.state ->> 'after_at', '-infinity')
    ::timestamptz;
  v_from_id bigint := coalesce((sweep_notifications.state ->> 'after_id')::bigint, 0);
  v_to_at timestamptz;
  v_to_id bigint;
  v_rows bigint;
  v_state jsonb;
begin
  select n.created_at, n.id
  into v_to_at, v_to_id
  from public.notifications as n
  where (n.created_at, n.id) > (v_from_at, v_from_id)
    and n.created_at < v_cutoff
  order by n.created_at, n.id
  offset 4999
  limit 1;

  -- The smallest id there is makes the bound "before the cutoff".
  v_rows := night_batch.move_window(
    v_from_at, v_from_id,
    coalesce(v_to_at, v_cutoff), coalesce(v_to_id, -9223372036854775808)
  );
  v_state := night_batch.note_moved(sweep_notifications.state, v_rows);

  if v_to_at is not null then
    return v_state || jsonb_build_object(
      'after_at', v_to_at,
      'after_id', v_to_id,
      'swept', (v_state ->> 'swept')::bigint + v_rows
    );
  end if;
  return night_batch.end_sweep(v_state, v_rows);
end;
$$;

comment on function night_batch.sweep_notifications(jsonb) is
$doc$Archiving, a chunk by age: the next 5,000 due notifications, ordered by
`(created_at, id)`.$doc$;

revoke all on function night_batch.sweep_notifications(jsonb) from public;
grant execute on function night_batch.sweep_notifications(jsonb) to night_batch;
