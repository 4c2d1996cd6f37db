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
  perform from rota_core.subscription as s where s.subscription = name for update;
  if not found then
    perform rota_core.raise_no_subscription(name);
  end if;
  perform from rota_core.position as p where p.subscription = name order by p.shard for update;

  v_first := coalesce(
    -- The row that holds the event.
    since_id / 1024 * 1024,
    (select min(e.event_id) from rota_core.event as e where e.at >= replay_subscription.since),
    (select s.last_value + 1 from rota_core.event_id as s)
  );
  -- Everything from there on counts as not seen; what is behind, also what has not committed yet,
  -- is left to the next window, whose stragglers it is.
  update rota_core.position as p
  set
    low = '3:3:', low_id = v_first - 1, high = null, high_id = null, phase = 1, last_id = 0,
    cluster = rota_core.cluster_id(), trial_size = null, trial_error = null, moved_at = v_now,
    wake_at = v_now, lag_noted_at = null, released_at = null, released_from = null
  where p.subscription = name;
  return v_first;
end;
$$;

comment on function rota.replay_subscription(text, timestamptz, bigint) is
$doc$Deliver events again that a subscription has had, from a time or an event on, as far as the log
keeps them.

- since: a time; since_id: an event. One of the two.

Its handler sees them a second time, and effects happen a second time where it does not guard
against that. Waits for a batch that is being delivered; retry list and dead letters stay. Returns
the number of the first row of the log that is read again.
Raises 42704 for an unknown subscription, 22023 when neither or both are given.
For: rota_admin.$doc$;

revoke all on function rota.replay_subscription(text, timestamptz, bigint) from public;
grant execute on function rota.replay_subscription(text, timestamptz, bigint) to rota_admin;
