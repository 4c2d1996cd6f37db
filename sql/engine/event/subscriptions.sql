create or replace view rota.subscriptions as
select
  s.subscription as name,
  s.topic,
  s.task,
  s.types,
  s.filter,
  s.mode,
  s.batch_size,
  s.ordered,
  s.shards,
  s.max_lag,
  p.kind is not null as paused,
  p.until as paused_until,
  p.reason as pause_reason,
  o.delivered,
  o.oldest_at,
  coalesce(rota_core.wall_clock() - o.oldest_at, interval '0') as lag,
  h.retrying,
  h.waiting,
  h.leased,
  h.dead,
  o.moved_at,
  o.error,
  o.released_at,
  s.defined_at,
  s.defined_by
from rota_core.subscription as s
cross join lateral (
  select
    sum(a.delivered) as delivered,
    min(u.at) as oldest_at,
    max(a.moved_at) as moved_at,
    (array_agg(a.trial_error) filter (where a.trial_error is not null))[1] as error,
    min(a.released_at) as released_at
  from rota_core.event_position as a
  cross join lateral rota_core.oldest_unread(a.subscription, a.shard) as u
  where a.subscription = s.subscription
) as o
cross join lateral (
  select
    count(*) filter (where b.next_at is not null and b.leased_by is null) as retrying,
    count(*) filter (where b.next_at is null and b.dead_at is null) as waiting,
    count(*) filter (where b.leased_by is not null and b.dead_at is null) as leased,
    count(*) filter (where b.dead_at is not null) as dead
  from rota_core.held_event as b
  where b.subscription = s.subscription
) as h
left join rota_core.pause as p
  on
    p.kind = 'subscription' and p.name = s.subscription
    and (p.until is null or p.until > rota_core.wall_clock());

comment on view rota.subscriptions is
$doc$Every subscription: what it reads, how many events it has delivered, how old the oldest is
that it has not read (lag), how many wait for a next attempt (retrying), behind such a one
(waiting), are leased to a consumer or dead, and the error that stops it now. For: rota_reader,
rota_admin.$doc$;

revoke all on rota.subscriptions from public;
grant select on rota.subscriptions to rota_reader, rota_admin;
