begin;
select plan(36);

-- given: a handler, and a way to define a task with some arguments
create schema app;
create function app.nightly(input jsonb) returns jsonb language sql as $$ select input $$;

create function pg_temp.define(arguments text) returns text
language sql as $$
  select test.refusal(format('select rota.define_task(''a'', ''app.nightly'', %s)', arguments));
$$;
set local client_min_messages = error;

select is(test.callers('rota_core.check_policy'), '{}', 'it is internal');

-- refusals
select is(
  split_part(pg_temp.define(w.arguments), ';', 1), '22023 ' || w.message,
  format('refused: %s', w.arguments)
)
from (
  values
  ('kind => ''cron''', 'kind ''cron'' is unknown: use call, chunked, batch or external'),
  ('kind => null', 'kind NULL is unknown: use call, chunked, batch or external'),
  ('timeout => ''0''', 'timeout must be longer than zero'),
  ('timeout => ''-1 s''', 'timeout must be longer than zero'),
  ('timeout => null', 'timeout must be longer than zero'),
  ('timeout => ''2 years''', 'timeout, initial_delay and max_delay must be at most 1 year'),
  ('initial_delay => ''2 years''', 'timeout, initial_delay and max_delay must be at most 1 year'),
  ('max_delay => ''9999999 years''', 'timeout, initial_delay and max_delay must be at most 1 year'),
  ('max_attempts => -1', 'max_attempts must be 1 to 1000, not -1'),
  ('max_attempts => 0', 'max_attempts must be 1 to 1000, not 0'),
  ('max_attempts => 1001', 'max_attempts must be 1 to 1000, not 1001'),
  ('max_attempts => null', 'max_attempts must be 1 to 1000, not null'),
  ('initial_delay => ''-1 s''', 'initial_delay must not be negative'),
  ('initial_delay => null', 'initial_delay must not be negative'),
  ('max_delay => ''-1 s''', 'max_delay must not be negative'),
  ('backoff_factor => 0.5', 'backoff_factor must be 1 to 1000'),
  ('backoff_factor => ''nan''', 'backoff_factor must be 1 to 1000'),
  ('jitter => -0.1', 'jitter must be 0 to 1'),
  ('jitter => 1.5', 'jitter must be 0 to 1'),
  ('concurrency => 0', 'concurrency must be at least 1, not 0'),
  ('doc => ''[]''', 'doc must be a JSON object'),
  ('doc => null', 'doc must be a JSON object'),
  (
    'doc => ''{"redact": "input.x"}''',
    'doc.redact must be an array of paths such as "input.password"'
  ),
  (
    'doc => ''{"redact": ["input.x", "password"]}''',
    'each path in doc.redact begins with input, output, error or log'
  ),
  (
    'doc => ''{"redact": [7]}''',
    'each path in doc.redact begins with input, output, error or log'
  ),
  ('retry_on => ''{/(/}''', 'retry_on entry /(/ is not a valid regular expression')
) as w (arguments, message);
select matches(
  pg_temp.define('max_attempts => -1'), '\\df\+ rota.define_task',
  'the hint tells where the arguments and their ranges stand'
);
select throws_like(
  $$select rota.define_task('a', 'app.nightly', timeout => 'soon')$$,
  '%invalid input syntax for type interval%',
  'an interval that is none does not get as far as that'
);
select is_empty('select from rota_core.task', 'after the refusals nothing is defined');

-- the bounds themselves
select is(pg_temp.define(w.arguments), 'done', format('taken: %s', w.arguments))
from (
  values
  ('max_attempts => 1, initial_delay => ''0'', max_delay => ''0'', jitter => 0'),
  ('max_attempts => 1000, backoff_factor => 1000, jitter => 1'),
  ('timeout => ''1 year'', initial_delay => ''1 year'', max_delay => ''1 year'''),
  ('doc => ''{"redact": ["input", "output.a.b", "error.message", "log.token"]}'''),
  ('retry_on => ''{sqlstate:40001,class:08,/5\\d\\d/,ECONNRESET}'''),
  ('retry_on => null, tags => null, priority => null')
) as w (arguments);

select * from finish();
rollback;
