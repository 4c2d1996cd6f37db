begin;
select plan(15);

-- given: a task whose backoff can be set
create function pg_temp.delay(policy text, failures int) returns interval
language plpgsql as $$
begin
  execute format('select rota.define_task(''t'', ''test.f'', %s)', policy);
  return (
    select rota_core.retry_delay(t, failures) from rota_core.task as t where t.task = 't'
  );
end;
$$;

select is(test.callers('rota_core.retry_delay'), '{}', 'it is internal');

select is(
  pg_temp.delay(c.policy, c.failures), c.delay, format('%s after failure %s', c.policy, c.failures)
)
from (
  values
  ('initial_delay => ''1 s''', 1, interval '1 s'),
  ('initial_delay => ''1 s''', 2, '2 s'),
  ('initial_delay => ''1 s''', 5, '16 s'),
  ('initial_delay => ''1 s''', 12, '2048 s'),
  ('initial_delay => ''1 s''', 13, '1 h'),
  ('initial_delay => ''1 s''', 999, '1 h'),
  ('initial_delay => ''10 s'', backoff_factor => 1', 7, '10 s'),
  ('initial_delay => ''10 s'', backoff_factor => 1.5', 3, '22.5 s'),
  ('initial_delay => ''10 s'', backoff_factor => 1000, max_delay => ''1 min''', 999, '1 min'),
  ('initial_delay => ''5 min'', max_delay => ''1 min''', 1, '1 min'),
  ('initial_delay => ''0''', 9, '0'),
  ('max_delay => ''0''', 9, '0')
) as c (policy, failures, delay);
select results_eq(
  $$select min(d.delay) >= '5 s', max(d.delay) <= '15 s', max(d.delay) - min(d.delay) > '5 s'
    from (
      select pg_temp.delay('initial_delay => ''10 s'', jitter => 0.5', 1) as delay
      from generate_series(1, 100)
    ) as d$$,
  'values (true, true, true)',
  'jitter spreads the delay by its share, both ways'
);
select cmp_ok(
  (select min(pg_temp.delay('jitter => 1', 1)) from generate_series(1, 50)), '>=', interval '0',
  'never before the end of the attempt'
);

select * from finish();
rollback;
