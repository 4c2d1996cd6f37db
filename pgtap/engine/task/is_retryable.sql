begin;
select plan(20);

select is(test.callers('rota_core.is_retryable'), '{}', 'it is internal');

select is(
  rota_core.is_retryable(c.retry_on, '40001', c.message), c.retryable,
  format('%s %s %L', c.retry_on, case when c.retryable then 'retries' else 'does not retry' end,
    c.message)
)
from (
  values
  ('{}'::text[], 'anything', true),
  ('{sqlstate:40001}', 'x', true),
  ('{sqlstate:40P01}', 'x', false),
  ('{class:40}', 'x', true),
  ('{class:08}', 'x', false),
  ('{ECONNRESET}', 'read ECONNRESET', true),
  ('{ECONNRESET}', 'read econnreset', false),
  ('{"100%"}', 'at 100 percent', false),
  (array['/5\d\d/'], 'status 503', true),
  (array['/5\d\d/'], 'status 404', false),
  (array['/^a/b/'], 'a/b', true),
  (array['/a\//'], 'a/b', true),
  (array['/a\//'], 'a-b', false),
  ('{/}', 'a/b', true),
  ('{/}', 'a-b', false),
  ('{ETIMEDOUT,sqlstate:40001}', 'x', true),
  ('{ETIMEDOUT,ENOTFOUND}', 'x', false),
  ('{x}', null, false)
) as c (retry_on, message, retryable);
select is(
  rota_core.is_retryable('{class:08}', null, 'x'), false, 'without an SQLSTATE nothing matches it'
);

select * from finish();
rollback;
