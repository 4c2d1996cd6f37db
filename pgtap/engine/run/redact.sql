begin;
select plan(13);

select is(
  test.callers('rota_core.redact'), '{rota_admin,rota_reader}',
  'whoever may look at the views may call it'
);

select is(
  rota_core.redact(c.document::jsonb, 'input', c.paths), c.result::jsonb,
  format('%s of %s', c.paths, coalesce(c.document, 'null'))
)
from (
  values
  ('{"a": 1}', '{}'::text[], '{"a": 1}'),
  ('{"a": 1, "b": 2}', '{input.a}', '{"a": "[redacted]", "b": 2}'),
  ('{"a": {"b": 1, "c": 2}}', '{input.a.b}', '{"a": {"b": "[redacted]", "c": 2}}'),
  ('{"a": {"b": 1}}', '{input.a}', '{"a": "[redacted]"}'),
  ('{"a": null}', '{input.a}', '{"a": "[redacted]"}'),
  ('{"a": [1, 2]}', '{input.a.1}', '{"a": [1, "[redacted]"]}'),
  ('{"a": 1, "b": 2}', '{input.a,input.b}', '{"a": "[redacted]", "b": "[redacted]"}'),
  ('{"a": 1}', '{input}', '"[redacted]"'),
  ('{"a": 1}', '{output.a,error.a,log.a}', '{"a": 1}'),
  ('{"a": 1}', '{input.b,input.a.b}', '{"a": 1}'),
  ('7', '{input.a}', '7'),
  (null, '{input}', null)
) as c (document, paths, result);

select * from finish();
rollback;
