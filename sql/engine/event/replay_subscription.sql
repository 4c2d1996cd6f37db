create or replace function rota.replay_subscription(
  name text, since timestamptz default null, since_id bigint default null
)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rota_core.wall_clock();
  v_first bigint;
begin
  if num_nonnulls(since, since_id) <> 1 then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'a replay begins at a time or at an event, one of the two',
      hint = format('select rota.replay_subscription(%L, since => now() - interval ''1 hour'');',
        coalesce(name, 'name'));
  end if;
  -- The positions alone: a reader that has one asks for the subscription's row after it.
  perform from rota_core.event_position as p
  where p.subscription = name
  order by p.shard
  for update;
  if not found then
    perform rota_core.raise_no_subscription(name);
  elsif exists (
    select from rota_core.event_position as p
    where p.subscription = name and p.cluster <> rota_core.cluster_id()
  ) then
    perform rota_core.raise_restored();
  end if;

  v_first := coalesce(
    -- The row that holds the event.
    since_id / 1024 * 1024,
    (select min(e.event_id) from rota_core.event as e where e.at >= replay_subscription.since),
    (select s.last_value + 1024 from rota_core.event_id as s)
  );
  -- Only the numbers go back, and an open window stays: what had not been read before that, also
  -- what has not committed yet, is still to come.
  update rota_core.event_position as p
  set
    low_id = least(p.low_id, v_first - 1),
    last_id = case p.phase when 1 then least(p.last_id, v_first - 1) else p.last_id end,
    trial_size = null, trial_error = null, moved_at = v_now, wake_at = v_now, lag_noted_at = null,
    released_at = null, released_from = null
  where p.subscription = name;
  return v_first;
end;
$$;

comment on function rota.replay_subscription(text, timestamptz, bigint) is
$doc$Deliver events again that a subscription has had, from a time or an event on, as far as the log
keeps them.

- since: a time; since_id: an event. One of the two.

Its handler sees them a second time, and effects happen a second time where it does not guard
against that. What it has not had yet comes as before: a replay leaves nothing out. Waits for a
batch that is being delivered; retry list and dead letters stay. Returns the number of the first row
of the log that is read again.
Raises 42704 for an unknown subscription, 22023 when neither or both are given, RT008 when the log
was restored into another cluster.
For: rota_admin.$doc$;

revoke all on function rota.replay_subscription(text, timestamptz, bigint) from public;
grant execute on function rota.replay_subscription(text, timestamptz, bigint) to rota_admin;
