begin;
select plan(19);

select is(test.callers('rota_core.check_name'), '{}', 'it is internal');

select is(
  test.refusal('select rota_core.check_name(''task'', null)'),
  '22023 task name null is not usable; '
  'Use 1 to 63 letters, digits, and _ - . : /, such as send-report.',
  'a name is needed, and the hint says what one looks like'
);
select is(
  left(test.refusal(format('select rota_core.check_name(''lane'', %L)', n.name)), 15),
  '22023 lane name', format('refused: %s', n.what)
)
from (
  values
  ('nothing', ''),
  ('200 characters', repeat('x', 200)),
  ('64 characters', repeat('x', 64)),
  ('two statements', 'x; drop table users'),
  ('quotes', 'it''s'),
  ('double quotes', 'a"b'),
  ('a space', 'send report'),
  ('two lines', e'send\nreport'),
  ('a line end', e'send\n'),
  ('a sign first', '-x')
) as n (what, name);
select cmp_ok(
  length(test.refusal(format('select rota_core.check_name(''task'', %L)', repeat('x', 9999)))),
  '<', 250, 'a name that goes on and on is not repeated whole'
);
select lives_ok(
  format('select rota_core.check_name(''task'', %L)', n.name), format('taken: %s', n.what)
)
from (
  values
  ('a letter', 'x'),
  ('63 characters', repeat('x', 63)),
  ('words', 'Send-report_2.daily:eu/west'),
  ('letters of other scripts', 'отчёт')
) as n (what, name);

select is(
  test.refusal('select rota_core.check_name(''lane'', ''pg_cron'')'),
  '22023 lane name ''pg_cron'' is taken; Use another name, such as cron.',
  'the lane of what pg_cron runs itself is no lane of workers'
);
select is(
  test.refusal('select rota_core.check_name(''task'', ''pg_cron'')'), 'done',
  'but a name like any other elsewhere'
);

select * from finish();
rollback;
