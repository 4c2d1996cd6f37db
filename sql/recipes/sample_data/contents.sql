-- A few authors write most of it.
with setting as materialized (
  select
    current_setting('sample_data.at')::timestamptz as at,
    current_setting('sample_data.users')::bigint as users,
    current_setting('sample_data.contents')::bigint as contents
),

draw as (
  select
    g.i,
    (hashint8extended(g.i, 21) & 1048575) / 1048576.0::float8 as u1,
    (hashint8extended(g.i, 22) & 1048575) / 1048576.0::float8 as u2,
    s.users,
    -- nobody writes before signing up: authors are among the first tenth
    s.at - interval '300 days' * (1 - (g.i - 0.5::float8) / s.contents) as created_at,
    s.at
  from setting as s
  cross join lateral generate_series(1, s.contents) as g (i)
)

insert into public.contents (id, author_id, title, body, status, published_at, created_at)
overriding system value
select
  d.i,
  1 + floor(power(d.u1, 3) * d.users / 10)::bigint,
  ('{A field guide,Notes,Letters,Questions,Recipes,Slow travel,Small tools,What we learned}'
    ::text[])[1 + (hashint8extended(d.i, 23) & 7)::int] || ', part ' || 1 + d.i / 8,
  repeat('What is worth doing is worth writing down. ', 1 + floor(d.u2 * 12)::int),
  case when d.u2 < 0.12 then 'draft' when d.u2 < 0.94 then 'published' else 'archived' end,
  case when d.u2 >= 0.12 then least(d.at, d.created_at + interval '2 days' * d.u1) end,
  d.created_at
from draw as d;

select setval('public.contents_id_seq', max(c.id)) from public.contents as c;
