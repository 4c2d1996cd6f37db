begin;
select plan(22);

select is(test.callers('rota_core.parse_rate_limit'), '{}', 'it is internal');

select is(
  (select row(r.capacity, r.period)::text from rota_core.parse_rate_limit(c.rate_limit) as r),
  c.parsed, coalesce(c.rate_limit, 'none')
)
from (
  values
  ('10/minute', '(10,00:01:00)'),
  (' 1 / second ', '(1,00:00:01)'),
  ('100/15 minutes', '(100,00:15:00)'),
  ('5/hour', '(5,01:00:00)'),
  ('3/1 day', '(3,"1 day")'),
  ('999999/0.5 s', '(999999,00:00:00.5)'),
  (null, '(,)')
) as c (rate_limit, parsed);
select is(
  test.refusal(format('select rota_core.parse_rate_limit(%L)', c.rate_limit)),
  format('22023 rate limit %L is not understood; '
    'Write runs per time, such as ''10/minute'' or ''100/15 minutes''.', c.rate_limit),
  format('refused: %L', c.rate_limit)
)
from unnest(
  '{"",often,10,/minute,0/minute,-1/minute,1.5/minute,1/0 s,1/-1 minute,1000000/s,1/blue moon,
    1/999999999999 years,1/1e400 s,1/minute; drop table x}'::text[]
) as c (rate_limit);

select * from finish();
rollback;
