-- Half a year that nobody archived, growing, with quiet nights. A few users get most of them; seven
-- in ten are read, most within hours.
with setting as materialized (
  select
    current_setting('sample_data.at')::timestamptz as at,
    -- peaks come in the afternoon (UTC), whatever the hour this is filled
    2 * pi() * (
      extract(epoch from current_setting('sample_data.at')::timestamptz)::float8 / 86400 - 0.125
    ) as phase,
    current_setting('sample_data.users')::bigint as users,
    current_setting('sample_data.notifications')::bigint as notifications
),

draw as (
  select
    g.i,
    (hashint8extended(g.i, 41) & 1048575) / 1048576.0::float8 as u1,
    (hashint8extended(g.i, 42) & 1048575) / 1048576.0::float8 as u2,
    (hashint8extended(g.i, 43) & 7)::int as kind,
    180 * (1 - power((g.i - 0.5::float8) / s.notifications, 0.8)) as age,
    s.at,
    s.phase,
    s.users
  from setting as s
  cross join lateral generate_series(1, s.notifications) as g (i)
),

dated as (
  select
    d.*,
    -- bends each day so that its middle has more, and keeps the order
    d.at - interval '1 day' * (
      d.age + 0.1 * (sin(d.phase) - sin(d.phase - 2 * pi() * d.age))
    ) as created_at
  from draw as d
)

insert into public.notifications (id, user_id, message, created_at, read_at)
overriding system value
select
  t.i,
  1 + floor(power(t.u1, 2.5) * t.users)::bigint,
  (array[
    'Someone replied to your comment',
    'Your post was published',
    'You have a new follower',
    'Your weekly summary is ready',
    'A payment was received',
    'Your export is ready to download',
    'New sign-in from an unknown device',
    'Your subscription renews in three days'
  ])[1 + t.kind] || ' (' || t.i || ')',
  t.created_at,
  case
    when t.u2 < 0.7 then least(t.at, t.created_at + interval '3 days' * power(t.u2 / 0.7, 6))
  end
from dated as t;

select setval('public.notifications_id_seq', max(n.id)) from public.notifications as n;
