begin;
select plan(9);

select ok(
  not has_function_privilege('public', 'rota_core.command_error(text)', 'execute'),
  'it is internal'
);
select is(rota_core.command_error(c.message), c.error::jsonb, c.what)
from (values
  (E'ERROR:  no\n', '{"message": "no"}', 'what libpq says'),
  ('ERROR: no', '{"message": "no"}', 'what a background worker says'),
  (E'FEHLER:  nein\n', '{"message": "nein"}', 'another language'),
  ('server restarted', '{"message": "server restarted"}', 'what pg_cron says itself'),
  ('a: b', '{"message": "a: b"}', 'a word with a colon is no severity'),
  (null, '{"message": "it failed"}', 'nothing is said'),
  (
    E'ERROR:  first\nsecond\nLINE 1: x\n        ^\nDETAIL:  a: b\nc\nHINT:  do\nCONTEXT:  in f\n',
    '{"message": "first\nsecond", "detail": "a: b\nc", "hint": "do", "context": "in f"}',
    'each part of it, over several lines'
  ),
  (E'ERROR:  no\n\nHINT:  do\n', '{"message": "no", "hint": "do"}', 'empty lines go')
) as c (message, error, what);

select * from finish();
rollback;
