create or replace function rota_core.places(subscription text)
returns table (
  shard int, read_to bigint, next_id bigint, next_at timestamptz, lag interval, delivered bigint,
  moved_at timestamptz, error jsonb, released_at timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select
    p.shard,
    case when p.high is not null and p.phase = 1 then greatest(p.low_id, p.last_id)
      else p.low_id end,
    u.event_id, u.at, coalesce(rota_core.wall_clock() - u.at, interval '0'), p.delivered,
    p.moved_at, p.trial_error, p.released_at
  from rota_core.event_position as p
  cross join lateral rota_core.oldest_unread(p.subscription, p.shard) as u
  where p.subscription = places.subscription
  order by p.shard;
$$;

comment on function rota_core.places(text) is
$doc$Where each shard of a subscription stands: up to which number it has read the log, and the row
of the log that comes next, if any.$doc$;

revoke all on function rota_core.places(text) from public;
grant execute on function rota_core.places(text) to rota_reader, rota_admin;
