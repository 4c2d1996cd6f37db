create or replace function rota_core.hold_failures(
  place rota_core.event_position, failures rota_core.delivery_failure[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rota_core.wall_clock();
  v_task rota_core.task;
begin
  select t.* into v_task
  from rota_core.subscription as s
  join rota_core.task as t on t.task = s.task
  where s.subscription = (place).subscription;

  insert into rota_core.held_event as h (
    subscription, event_id, shard, key, event, attempts, next_at, error, held_at, dead_at
  )
  select
    (place).subscription, f.event_id, (place).shard, f.key, f.event, (f.error is not null)::int,
    case when f.error is not null and d.again then v_now + rota_core.retry_delay(v_task, 1) end,
    f.error, v_now, case when f.error is not null and not d.again then v_now end
  from unnest(failures) as f
  cross join lateral (
    select v_task.max_attempts > 1 and rota_core.is_retryable(
      v_task.retry_on, f.error ->> 'sqlstate', f.error ->> 'message'
    ) as again
  ) as d
  on conflict on constraint held_event_pkey do update set
    attempts = h.attempts + 1,
    leased_by = null,
    error = excluded.error,
    next_at = case
      when h.attempts + 1 < v_task.max_attempts and rota_core.is_retryable(
        v_task.retry_on, excluded.error ->> 'sqlstate', excluded.error ->> 'message'
      ) then v_now + rota_core.retry_delay(v_task, h.attempts + 1) end,
    dead_at = case
      when h.attempts + 1 < v_task.max_attempts and rota_core.is_retryable(
        v_task.retry_on, excluded.error ->> 'sqlstate', excluded.error ->> 'message'
      ) then null else v_now end
  where excluded.error is not null;
end;
$$;

comment on function rota_core.hold_failures(
  rota_core.event_position, rota_core.delivery_failure[]
) is
$doc$Keeps events that failed for their next attempt, by the policy of the task that they are for,
or as dead letters; and those that wait behind them.$doc$;

revoke all on function rota_core.hold_failures(
  rota_core.event_position, rota_core.delivery_failure[]
) from public;
