begin;
select plan(6);

-- given: a task, a calendar and a schedule that uses it
do $$ begin
  perform rota.define_task('work', 'test.f');
  perform rota.define_calendar('weekend', '{"weekdays": ["sat", "sun"]}');
  perform rota.define_schedule('b', '@daily', 'work', calendar => 'weekend');
  perform rota.define_schedule('a', '@daily', 'work', calendar => 'weekend');
end $$;

-- who may call it
select is(
  test.callers('rota.drop_calendar'), '{rota_admin}', 'an administrator may call it, nobody else'
);

set local role rota_admin;

-- refusals
select throws_ok(
  $$select rota.drop_calendar('it''s')$$, '42704', $$calendar 'it''s' does not exist$$,
  'an unknown calendar is refused'
);
select is(
  test.refusal($$select rota.drop_calendar('weekend')$$, 'detail'),
  'RT002 calendar weekend is still used; Used by: schedule a, schedule b.',
  'one that schedules use is refused, naming them'
);
select results_eq(
  'select c.schedules from rota.calendars as c', $$values ('{a,b}'::text[])$$,
  'the view names them too'
);

-- the deed
do $$ begin
  perform rota.drop_schedule('a');
  perform rota.define_schedule('b', '@daily', 'work');
end $$;
select lives_ok($$select rota.drop_calendar('weekend')$$, 'one that nothing uses is dropped');
select is_empty('select from rota.calendars', 'and gone');

select * from finish();
rollback;
