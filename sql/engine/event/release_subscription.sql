create or replace function rota_core.release_subscription(subscription text, reason text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_first bigint;
begin
  insert into rota_core.pause as p (kind, name, reason, paused_at, paused_by)
  values ('subscription', release_subscription.subscription, release_subscription.reason, v_now,
    rota_core.caller())
  on conflict on constraint pause_pkey do update set
    (until, reason, paused_at, paused_by) =
    (null, excluded.reason, excluded.paused_at, excluded.paused_by);

  begin
    update rota_core.event_position as p
    set
      released_at = v_now,
      released_from = coalesce(
        (select u.event_id from rota_core.oldest_unread(p.subscription, p.shard) as u),
        p.low_id + 1
      )
    where p.subscription = release_subscription.subscription and p.released_at is null;
  exception when lock_not_available then
    -- The pause stands, so that the reader ends: a minute later its position is free.
    return;
  end;

  select min(p.released_from) into v_first
  from rota_core.event_position as p where p.subscription = release_subscription.subscription;
  insert into rota_core.log (at, level, message, context, component)
  values (
    v_now, 'error', format(
      'subscription %s is paused and the log is not kept for it any more, from event %s on: %s',
      release_subscription.subscription, v_first, reason
    ),
    jsonb_build_object('subscription', release_subscription.subscription, 'event_id', v_first),
    'rota'
  );
end;
$$;

comment on function rota_core.release_subscription(text, text) is
$doc$Pauses a subscription and lets the log go on without it.$doc$;

revoke all on function rota_core.release_subscription(text, text) from public;
