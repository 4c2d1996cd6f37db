begin;
select plan(6);

-- given: a task, a calendar and a schedule that uses it
create function public.work(input jsonb) returns void language sql as 'select';
do $$ begin
  perform rota.define_task('work', 'public.work');
  perform rota.define_calendar('weekend', '{"weekdays": ["sat", "sun"]}');
  perform rota.define_schedule('b', '@daily', 'work', calendar => 'weekend');
  perform rota.define_schedule('a', '@daily', 'work', calendar => 'weekend');
end $$;

create function pg_temp.refusal(statement text) returns text
language plpgsql as $$
declare v_detail text;
begin
  execute statement;
  return 'done';
exception when others then
  get stacked diagnostics v_detail = pg_exception_detail;
  return format('%s %s; %s', sqlstate, sqlerrm, v_detail);
end;
$$;

-- who may call it
select results_eq(
  $$select r.role
    from unnest('{public,rota_admin,rota_app,rota_monitor,rota_reader,rota_worker}'::text[])
      as r (role)
    where has_function_privilege(r.role, 'rota.drop_calendar(text)', 'execute')$$,
  array['rota_admin'],
  'an administrator may call it, nobody else'
);

set local role rota_admin;

-- refusals
select throws_ok(
  $$select rota.drop_calendar('it''s')$$, '42704', $$calendar 'it''s' does not exist$$,
  'an unknown calendar is refused'
);
select is(
  pg_temp.refusal($$select rota.drop_calendar('weekend')$$),
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
