begin;
select plan(9);

-- given: a still clock, a watched table and another
select test.set_clock('2026-01-01 12:00+00');
create schema app authorization rota_admin;
create table app.other (id int);
do $$ begin perform rota.watch_table('app.other'); end $$;
set local role rota_admin;
create table app.t (id int primary key);
do $$ begin
  perform rota.watch_table('app.t');
  insert into app.t values (1);
end $$;

-- who may call it
select is(
  test.callers('rota.unwatch_table'), '{rota_admin}', 'an administrator may call it, nobody else'
);

-- refusals
select is(
  test.refusal('select rota.unwatch_table(''app.other'')'),
  '42501 rota_admin may not stop watching app.other: it belongs to postgres; '
  'As a superuser or postgres: grant postgres to rota_admin;',
  'only who could have created the triggers may drop them'
);
select is(
  test.refusal('select rota.unwatch_table(''pg_class'')'),
  '42704 table pg_class is not watched; See what is: select name from rota.watches;',
  'a table that is not watched is refused'
);
select is(
  test.refusal('select rota.unwatch_table(null)'),
  '42704 table null is not watched; See what is: select name from rota.watches;',
  'so is none'
);

-- the deed
select lives_ok('select rota.unwatch_table(''app.t'')', 'it ends');
do $$ begin insert into app.t values (2); end $$;
reset role;
select results_eq(
  'select e.topic, e.type, e.record::text from rota_core.event as e',
  $$values ('app.t', 'INSERT', '[{"id":1}]')$$,
  'nothing is captured any more, and what was captured stays'
);
select results_eq(
  $$select w.table_name::text collate "default", w.ended_at from rota_core.watch as w order by 1$$,
  $$values ('other', null), ('t', timestamptz '2026-01-01 12:00+00')$$,
  'the log still finds the watch'
);
select is_empty(
  $$select from pg_trigger as t where t.tgrelid = 'app.t'::regclass$$, 'its triggers are gone'
);
select is(
  (select count(*) from pg_proc as p where p.proname ~ '^capture_\d'), 3::bigint,
  'so are its functions'
);

select * from finish();
rollback;
