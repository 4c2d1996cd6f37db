create or replace function rota_core.lease_again(
  source rota_core.subscription, max_events int, lease interval
)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rota_core.wall_clock();
  v_ids bigint[];
begin
  -- Without a task there is one shard.
  with due as (
    select h.event_id
    from rota_core.held_event as h
    where h.subscription = (source).subscription and h.shard = 0 and h.next_at <= v_now
      and h.leased_by is not null and h.attempts >= 10
    for update skip locked
  ),
  dead as (
    update rota_core.held_event as h
    set
      dead_at = v_now, next_at = null, leased_by = null,
      error = rota_core.error_json('57014', format('its lease ran out %s times', h.attempts), '',
        'Raise the lease, or see why the consumer does not acknowledge it.')
    from due as d
    where h.subscription = (source).subscription and h.event_id = d.event_id
    returning h.event_id
  )
  select array_agg(d.event_id order by d.event_id) into v_ids from dead as d;
  if v_ids is not null then
    insert into rota_core.log (at, level, message, context, component)
    values (
      v_now, 'error', format('subscription %s: %s events are dead, their lease ran out 10 times',
        (source).subscription, cardinality(v_ids)),
      jsonb_build_object('subscription', (source).subscription, 'event_ids', v_ids), 'rota'
    );
  end if;

  with due as (
    select h.event_id
    from rota_core.held_event as h
    where h.subscription = (source).subscription and h.shard = 0 and h.next_at <= v_now
      and not ((source).ordered and exists (
        select
        from rota_core.held_event as b
        where b.subscription = h.subscription and b.key = h.key and b.event_id < h.event_id
          and (b.next_at is not null or b.dead_at is not null)
      ))
    -- By the index of what is due, however much is leased.
    order by h.next_at, h.event_id
    limit max_events
    for update of h skip locked
  ),
  leased as (
    update rota_core.held_event as h
    set attempts = h.attempts + 1, next_at = v_now + lease, leased_by = rota_core.caller()
    from due as d
    where h.subscription = (source).subscription and h.event_id = d.event_id
    returning h.event_id
  )
  select array_agg(l.event_id) into v_ids from leased as l;
  return coalesce(v_ids, '{}');
end;
$$;

comment on function rota_core.lease_again(rota_core.subscription, int, interval) is
$doc$Leases events whose lease ran out, or that are due for another reason. One whose lease ran out
10 times is dead.$doc$;

revoke all on function rota_core.lease_again(rota_core.subscription, int, interval) from public;
