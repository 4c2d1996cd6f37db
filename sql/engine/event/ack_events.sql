create or replace function rota.ack_events(subscription text, ids bigint[])
returns int
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ordered boolean;
  v_settings constant text[] := rota_core.planning();
  v_mine bigint[];
  v_acknowledged int;
begin
  select s.ordered into v_ordered
  from rota_core.subscription as s where s.subscription = ack_events.subscription;
  if not found then
    perform rota_core.raise_no_subscription(subscription);
  end if;
  if v_ordered then
    -- A fetch that is under way puts events behind those that go here: it would never be known that
    -- they are the first of their key.
    perform from rota_core.event_position as p
    where p.subscription = ack_events.subscription
    order by p.shard
    for share;
  end if;

  perform rota_core.plan_for_index();
  -- In order, so that two acks of the same events do not deadlock.
  v_mine := array(
    select h.event_id
    from rota_core.held_event as h
    where h.subscription = ack_events.subscription and h.event_id = any(ids)
      and h.leased_by = rota_core.caller() and h.dead_at is null
    order by h.event_id
    for update
  );
  v_acknowledged := rota_core.let_go(subscription, v_mine);
  perform rota_core.plan_as_before(v_settings);
  return v_acknowledged;
end;
$$;

comment on function rota.ack_events(text, bigint[]) is
$doc$Say that fetched events are done: they are not handed out again.

- subscription: its name. ids: the event_id of each.

What this role was not handed by rota.fetch_events, or was acknowledged or is dead, is ignored; what
is late, but was not handed to another role meanwhile, counts. Returns how many were acknowledged.
Raises 42704 for an unknown subscription.
For: rota_app, rota_admin.$doc$;

revoke all on function rota.ack_events(text, bigint[]) from public;
grant execute on function rota.ack_events(text, bigint[]) to rota_app, rota_admin;
