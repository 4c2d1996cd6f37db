create or replace function rota.redrive_dead_letters(subscription text, ids bigint[] default null)
returns int
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rota_core.wall_clock();
  v_count int;
begin
  if not exists (
    select from rota_core.subscription as s where s.subscription = redrive_dead_letters.subscription
  ) then
    perform rota_core.raise_no_subscription(subscription);
  end if;

  with dead as (
    select h.event_id
    from rota_core.held_event as h
    where h.subscription = redrive_dead_letters.subscription and h.dead_at is not null
      and (ids is null or h.event_id = any(ids))
    order by h.event_id
    for update
  )
  update rota_core.held_event as h
  set dead_at = null, next_at = v_now, attempts = 0, leased_by = null
  from dead as d
  where h.subscription = redrive_dead_letters.subscription and h.event_id = d.event_id;
  get diagnostics v_count = row_count;

  -- A shard that is being read looks by itself before it ends.
  update rota_core.event_position as p
  set wake_at = v_now
  from (
    select a.shard
    from rota_core.event_position as a
    where a.subscription = redrive_dead_letters.subscription
    for update skip locked
  ) as f
  where v_count > 0 and p.subscription = redrive_dead_letters.subscription and p.shard = f.shard;
  return v_count;
end;
$$;

comment on function rota.redrive_dead_letters(text, bigint[]) is
$doc$Try dead letters of a subscription again, with a fresh count of attempts.

- subscription: its name. ids: the event_id of each (default: all).

Returns how many are due again. Raises 42704 for an unknown subscription.
For: rota_admin.$doc$;

revoke all on function rota.redrive_dead_letters(text, bigint[]) from public;
grant execute on function rota.redrive_dead_letters(text, bigint[]) to rota_admin;
