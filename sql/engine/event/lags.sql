create or replace function rota_core.lags()
returns table (
  subscription text, shard int, max_lag interval, event_id bigint, at timestamptz, lag interval,
  noted_at timestamptz, released_at timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select
    p.subscription, p.shard, s.max_lag, u.event_id, u.at,
    coalesce(rota_core.wall_clock() - u.at, interval '0'), p.lag_noted_at, p.released_at
  from rota_core.event_position as p
  join rota_core.subscription as s on s.subscription = p.subscription
  cross join lateral rota_core.oldest_unread(p.subscription, p.shard) as u
  order by p.subscription, p.shard;
$$;

comment on function rota_core.lags() is
$doc$How far each shard of each subscription is behind: the age of the oldest event that it has
still to read.$doc$;

revoke all on function rota_core.lags() from public;
