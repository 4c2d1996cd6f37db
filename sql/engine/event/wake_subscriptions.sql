create or replace function rota_core.wake_subscriptions(
  inout state rota_core.worker_state, poll interval
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rota_core.wall_clock();
  v_low constant pg_snapshot := pg_current_snapshot();
  v_id bigint;
  v_any boolean;
  v_sure boolean := true;
  v_at record;
begin
  if (state).events_at > v_now then
    return;
  end if;
  state.events_at := v_now + poll;
  perform rota.resume(p.kind, p.name)
  from rota_core.pause as p
  where p.until <= v_now and p.kind in ('task', 'subscription');
  perform rota_core.plan_for_index();
  -- After the snapshot: all that it sees has a number up to this.
  v_id := (select s.last_value from rota_core.event_id as s);

  v_any := (state).events_low is null or exists (
    select from rota_core.event as e where e.event_id > (state).events_id
  ) or exists (
    select
    from rota_core.event as e
    where e.xid >= pg_snapshot_xmax((state).events_low) and e.event_id <= (state).events_id
  ) or exists (
    select
    from rota_core.event as e
    where e.xid = any(array(select pg_snapshot_xip((state).events_low)))
      and e.event_id <= (state).events_id
  );
  if v_any or exists (select from rota_core.event_position as p where p.wake_at <= v_now) then
    for v_at in
      select p.subscription, p.shard
      from rota_core.event_position as p
      join rota_core.subscription as s on s.subscription = p.subscription
      join rota_core.task as t on t.task = s.task
      where t.lane = (state).lane and p.cluster = rota_core.cluster_id()
        and (p.wake_at <= v_now
          -- After a failure for good, wake_at is when it is tried again.
          or v_any and (p.trial_error is null or p.wake_at is null)
            and ((state).events_low is null or rota_core.is_mentioned(s.topic, state)))
        and not rota_core.subscription_stands(p.subscription)
      order by p.wake_at, p.subscription, p.shard
    loop
      v_sure := rota_core.wake_subscription(v_at.subscription, v_at.shard) is not null and v_sure;
    end loop;
  end if;
  -- Where another session had one in hand, the same is looked at again.
  if v_sure then
    state.events_low := v_low;
    state.events_id := v_id;
  end if;
end;
$$;

comment on function rota_core.wake_subscriptions(rota_core.worker_state, interval) is
$doc$Starts the readers of a lane's subscriptions for which there is news.

The worker remembers a snapshot and a number: only what was not visible then is looked at, so that
an idle look costs three probes of an index, however many subscriptions there are. A reader that
ends leaves wake_at behind, for what came while it ended.$doc$;

revoke all on function rota_core.wake_subscriptions(rota_core.worker_state, interval) from public;
grant execute on function rota_core.wake_subscriptions(rota_core.worker_state, interval)
to rota_worker;
