-- Sessions of 60 days that live for 14: three in four have expired.
with setting as materialized (
  select
    current_setting('sample_data.at')::timestamptz as at,
    current_setting('sample_data.users')::bigint as users,
    current_setting('sample_data.sessions')::bigint as sessions
)

insert into auth.sessions (id, user_id, expires_at)
overriding system value
select
  g.i,
  1 + floor(power((hashint8extended(g.i, 31) & 1048575) / 1048576.0::float8, 2) * s.users)::bigint,
  s.at + interval '14 days' - interval '60 days' * (1 - (g.i - 0.5::float8) / s.sessions)
    - interval '1 hour' * ((hashint8extended(g.i, 32) & 1048575) / 1048576.0::float8)
from setting as s
cross join lateral generate_series(1, s.sessions) as g (i);

select setval('auth.sessions_id_seq', max(s.id)) from auth.sessions as s;
