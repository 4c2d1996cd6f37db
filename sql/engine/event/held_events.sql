create or replace function rota_core.held_events(subscription text, max_events int default 20)
returns table (
  event_id bigint, shard int, key text, topic text, type text, event jsonb, attempts int,
  next_at timestamptz, leased_by text, error jsonb, held_at timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select
    h.event_id, h.shard, h.key, h.event ->> 'topic', h.event ->> 'type', h.event, h.attempts,
    h.next_at, h.leased_by, h.error, h.held_at
  from rota_core.held_event as h
  where h.subscription = held_events.subscription and h.dead_at is null
  order by h.next_at nulls last, h.event_id
  limit held_events.max_events;
$$;

comment on function rota_core.held_events(text, int) is
$doc$Events that a subscription has passed but not finished: those that are tried again, the next
first, those that are leased to a consumer, and those that wait behind another of their key.$doc$;

revoke all on function rota_core.held_events(text, int) from public;
grant execute on function rota_core.held_events(text, int) to rota_reader, rota_admin;
