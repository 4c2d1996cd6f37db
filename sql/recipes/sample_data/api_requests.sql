-- Two weeks of requests: few paths take most, one in twenty fails, times have a long tail and are
-- longer when there is much to do.
with setting as materialized (
  select
    current_setting('sample_data.at')::timestamptz as at,
    -- peaks come in the afternoon (UTC), whatever the hour this is filled
    2 * pi() * (
      extract(epoch from current_setting('sample_data.at')::timestamptz)::float8 / 86400 - 0.125
    ) as phase,
    current_setting('sample_data.api_requests')::bigint as api_requests
),

draw as (
  select
    g.i,
    (hashint8extended(g.i, 51) & 1048575) / 1048576.0::float8 as u1,
    (hashint8extended(g.i, 52) & 1048575) / 1048576.0::float8 as u2,
    (hashint8extended(g.i, 53) & 1048575) / 1048576.0::float8 as u3,
    14 * (1 - (g.i - 0.5::float8) / s.api_requests) as age,
    s.at,
    s.phase
  from setting as s
  cross join lateral generate_series(1, s.api_requests) as g (i)
)

insert into logs.api_requests (id, path, status, response_time, created_at)
overriding system value
select
  d.i,
  ('{/,/feed,/notifications,/contents,/users/me,/search,/orders,/files}'
    ::text[])[1 + floor(8 * power(d.u1, 2.2))::int],
  case
    when d.u2 < 0.95 then 200
    when d.u2 < 0.98 then 404
    when d.u2 < 0.992 then 401
    else 500
  end,
  -- a slow answer takes seconds, one in a thousand half a minute
  least(30000, 12 + 20 * exp(4 * power(d.u3, 3) + 2 * d.u1)
    * (1 - 0.3 * cos(d.phase - 2 * pi() * d.age)))::int,
  d.at - interval '1 day' * (
    d.age + 0.1 * (sin(d.phase) - sin(d.phase - 2 * pi() * d.age))
  )
from draw as d;

select setval('logs.api_requests_id_seq', max(r.id)) from logs.api_requests as r;
