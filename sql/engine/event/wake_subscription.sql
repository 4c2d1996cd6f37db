create or replace function rota_core.wake_subscription(subscription text, shard int)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_origin constant text := format('subscription:%s:%s', subscription, shard);
  v_has_news boolean;
begin
  -- A reader is let alone: however it ends, it leaves a wake_at behind.
  if exists (
    select from rota_core.run as r where r.origin = v_origin and r.origin like 'subscription:%'
  ) then
    return false;
  end if;
  v_has_news := rota_core.settle_position(subscription, shard);
  -- And again, under the position's lock, so that two workers do not start two.
  if v_has_news is not true or exists (
    select from rota_core.run as r where r.origin = v_origin and r.origin like 'subscription:%'
  ) then
    return case when v_has_news is not null then false end;
  end if;

  perform rota_core.enqueue_run(
    'subscription:' || subscription,
    jsonb_build_object('subscription', subscription, 'shard', shard), rota_core.wall_clock(), null,
    '{}', v_origin
  );
  update rota_core.event_position as p
  set wake_at = null
  where p.subscription = wake_subscription.subscription and p.shard = wake_subscription.shard;
  return true;
end;
$$;

comment on function rota_core.wake_subscription(text, int) is
$doc$Starts a reader for a shard when there is news for it and none is at work or queued. Returns
whether it did; null when another session has the position in hand, so that nobody can tell.$doc$;

revoke all on function rota_core.wake_subscription(text, int) from public;
