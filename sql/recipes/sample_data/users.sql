-- Sign-ups of three years, more of them lately, and by day than by night. One user in six was there
-- within a day, one in twenty has never been back.
with setting as materialized (
  select
    current_setting('sample_data.at')::timestamptz as at,
    -- peaks come in the afternoon (UTC), whatever the hour this is filled
    2 * pi() * (
      extract(epoch from current_setting('sample_data.at')::timestamptz)::float8 / 86400 - 0.125
    ) as phase,
    current_setting('sample_data.users')::bigint as users
),

draw as (
  select
    g.i,
    1095 * (1 - sqrt((g.i - 0.5::float8) / s.users)) as age,
    (hashint8extended(g.i, 11) & 1048575) / 1048576.0::float8 as u1,
    (hashint8extended(g.i, 12) & 1048575) / 1048576.0::float8 as u2,
    (hashint8extended(g.i, 14) & 15)::int as given,
    (hashint8extended(g.i, 15) & 15)::int as family,
    s.at,
    s.phase
  from setting as s
  cross join lateral generate_series(1, s.users) as g (i)
),

dated as (
  select
    d.*,
    d.at - interval '1 day' * (
      d.age + 0.1 * (sin(d.phase) - sin(d.phase - 2 * pi() * d.age))
    ) as created_at
  from draw as d
)

insert into public.users (id, email, name, created_at, last_activity_at)
overriding system value
select
  t.i,
  format('%s.%s.%s@example.com', n.given, n.family, t.i),
  initcap(n.given || ' ' || n.family),
  t.created_at,
  case when t.u1 > 0.05 then t.created_at + (t.at - t.created_at) * (1 - power(t.u2, 3)) end
from dated as t
cross join lateral (
  select
    ('{ada,ben,chloe,dmitri,elena,farid,grace,hiro,ines,jonas,kemi,liam,mei,noor,otto,priya}'
      ::text[])[1 + t.given] as given,
    ('{abe,berg,costa,diaz,evans,fischer,garcia,haddad,ito,jansen,khan,lopez,moreau,novak,okafor,'
      'park}'::text[])[1 + t.family] as family
) as n;

select setval('public.users_id_seq', max(u.id)) from public.users as u;
