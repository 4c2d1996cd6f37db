begin;
select plan(37);

-- given: functions of many shapes
create schema app;
create schema "Odd";
create function app.nothing() returns void language sql as $$ select $$;
create function app.answer() returns jsonb language sql as $$ select '{}'::jsonb $$;
create function app.one(input jsonb) returns void language sql as $$ select $$;
create function app.two(input jsonb, state jsonb) returns jsonb language sql as $$ select state $$;
create function app.two_void(input jsonb, state jsonb) returns void language sql as $$ select $$;
create function app.dual() returns void language sql as $$ select $$;
create function app.dual(input jsonb) returns jsonb language sql as $$ select input $$;
create function app.out_one(input jsonb, out output jsonb) language sql as $$ select input $$;
create function app.json(input json) returns jsonb language sql as $$ select '{}'::jsonb $$;
create function app.number(input jsonb) returns int language sql as $$ select 1 $$;
create function app.many(input jsonb) returns setof jsonb language sql as $$ select input $$;
create function app.three(a jsonb, b jsonb, c jsonb) returns jsonb language sql as $$ select a $$;
create procedure app.proc() language sql as $$ select $$;
create function "Odd"."Name"() returns void language sql as $$ select $$;

select is(test.callers('rota_core.resolve_handler'), '{}', 'it is internal');

-- what fits
select is(
  (
    select format('%s %s%s', h.handler_name, h.takes, case when h.returns_void then ' void' end)
    from rota_core.resolve_handler(c.handler, c.kind) as h
  ),
  c.found, format('%s as %s', c.handler, c.kind)
)
from (
  values
  ('app.nothing', 'call', 'app.nothing nothing void'),
  ('app.answer', 'call', 'app.answer nothing'),
  ('app.one', 'call', 'app.one input void'),
  ('app.out_one', 'call', 'app.out_one input'),
  ('app.dual', 'call', 'app.dual input'),
  ('APP.One', 'call', 'app.one input void'),
  ('app.one(jsonb)', 'call', 'app.one input void'),
  ('app.two', 'chunked', 'app.two input_state'),
  ('app.one', 'batch', 'app.one events void'),
  ('app.dual', 'batch', 'app.dual events'),
  ('"Odd"."Name"', 'call', '"Odd"."Name" nothing void')
) as c (handler, kind, found);

-- what does not
select is(
  test.refusal(format('select rota_core.resolve_handler(%L, %L)', c.handler, c.kind)),
  format('22023 handler %s has another shape than a %s task needs; '
    'Create the function first, or say which kind it is: kind => ''chunked''.', c.handler, c.kind),
  format('another shape: %s as %s', c.handler, c.kind)
)
from (
  values
  ('app.two', 'call'), ('app.two', 'batch'), ('app.two_void', 'chunked'), ('app.one', 'chunked'),
  ('app.nothing', 'chunked'), ('app.nothing', 'batch'), ('app.json', 'call'),
  ('app.number', 'call'), ('app.many', 'call'), ('app.three', 'chunked'), ('app.proc', 'call')
) as c (handler, kind);
select is(
  split_part(test.refusal(format('select rota_core.resolve_handler(%L, ''call'')', c.name)),
    ';', 1),
  format('42704 handler %s does not exist', c.name), format('unknown: %s', c.name)
)
from unnest('{app.nowhere,nowhere.one,\"App\".one}'::text[]) as c (name);
select matches(
  test.refusal(format('select rota_core.resolve_handler(%L, ''call'')', c.name)),
  '^22023 handler .* does not name a function; '
  'Write schema and name, such as handler => ''app.nightly''.$',
  format('no name: %s', left(coalesce(c.name, 'null'), 30))
)
from unnest(
  array[null, '', 'one', 'a.b.c', 'app.one; drop table x', 'app.one(); drop table x', 'app."',
    '1.2', repeat('x', 5000)]
) as c (name);

-- what the error tells
select is(
  test.refusal('select rota_core.resolve_handler(''app.number'', ''chunked'')', 'detail'),
  '22023 handler app.number has another shape than a chunked task needs; '
  'Wanted: f(input jsonb, state jsonb) returns jsonb. Found: app.number(jsonb) returns integer.',
  'the detail tells what is wanted and what was found'
);
select is(
  test.refusal('select rota_core.resolve_handler(''app.proc'', ''call'')', 'detail'),
  '22023 handler app.proc has another shape than a call task needs; '
  'Wanted: f() or f(input jsonb), returning void or jsonb. '
  'Found: app.proc() returns nothing (a procedure).',
  'a procedure is called one'
);

select * from finish();
rollback;
