create or replace function rota.discard_dead_letters(subscription text, ids bigint[], reason text)
returns int
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rota_core.wall_clock();
  v_dead bigint[];
begin
  if ids is null or coalesce(reason, '') = '' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'dead letters are discarded by their ids and for a reason',
      hint = format('select rota.discard_dead_letters(%L, ''{1024}'', ''sent by hand'');',
        coalesce(subscription, 'name'));
  end if;
  if not exists (
    select from rota_core.subscription as s where s.subscription = discard_dead_letters.subscription
  ) then
    perform rota_core.raise_no_subscription(subscription);
  end if;

  -- Whoever reads just now puts events behind those that go here: it would never be known that they
  -- are the first of their key.
  perform from rota_core.event_position as p
  where p.subscription = discard_dead_letters.subscription
  order by p.shard
  for update;
  v_dead := array(
    select h.event_id
    from rota_core.held_event as h
    where h.subscription = discard_dead_letters.subscription and h.event_id = any(ids)
      and h.dead_at is not null
    order by h.event_id
    for update
  );
  if v_dead = '{}' then
    return 0;
  end if;
  insert into rota_core.log (at, level, message, context, component)
  values (
    v_now, 'warn', format('%s dead letters of subscription %s were discarded by %s: %s',
      cardinality(v_dead), subscription, rota_core.caller(), reason),
    jsonb_build_object('subscription', subscription, 'event_ids', v_dead, 'reason', reason), 'rota'
  );
  perform rota_core.let_go(subscription, v_dead);

  update rota_core.event_position as p
  set wake_at = v_now
  where p.subscription = discard_dead_letters.subscription;
  return cardinality(v_dead);
end;
$$;

comment on function rota.discard_dead_letters(text, bigint[], text) is
$doc$Give dead letters of a subscription up. The log says which, by whom and why; in an ordered
subscription what waited behind them goes on.

- subscription: its name. ids: the event_id of each. reason: for the log.

Waits for a batch that is being delivered. Returns how many were discarded. Raises 42704 for an
unknown subscription, 22023 without ids or a reason. For: rota_admin.$doc$;

revoke all on function rota.discard_dead_letters(text, bigint[], text) from public;
grant execute on function rota.discard_dead_letters(text, bigint[], text) to rota_admin;
