begin;
select plan(30);

-- given: a still clock, tables of an administrator's and of somebody else's
select test.set_clock('2026-01-01 12:00+00');
create schema app authorization rota_admin;
create table app.other (id int primary key);
create role rota_test_shop nologin;
grant usage on schema app to rota_test_shop;
set local role rota_admin;
create table app.t (id int primary key, name text, secret text);
grant select, insert, update, delete, truncate on app.t to rota_test_shop;
create view app.v as select t.id from app.t as t;
create materialized view app.m as select t.id from app.t as t;
create table app.whole (id int) partition by list (id);
create table app.part partition of app.whole default;
create sequence app.s;
create temporary table passing (id int);

-- who may call it
select is(
  test.callers('rota.watch_table'), '{rota_admin}', 'an administrator may call it, nobody else'
);
select is(
  test.refusal('select rota.watch_table(''app.other'')'),
  '42501 rota_admin may not watch app.other: it belongs to postgres; '
  'As a superuser or postgres: grant postgres to rota_admin;',
  'and only the owner of the table, or a member of it'
);

-- refusals
select is(
  test.refusal(r.statement), r.said, r.said
)
from (values
  ('select rota.watch_table(null)',
    '42704 table null does not exist; select rota.watch_table(''public.users'');'),
  ('select rota.watch_table(''app.v'')',
    '22023 app.v is no table; Views, foreign tables and the like cannot be watched: watch the '
    'tables behind them.'),
  ('select rota.watch_table(''app.m'')',
    '22023 app.m is no table; Views, foreign tables and the like cannot be watched: watch the '
    'tables behind them.'),
  ('select rota.watch_table(''app.s'')',
    '22023 app.s is no table; Views, foreign tables and the like cannot be watched: watch the '
    'tables behind them.'),
  ('select rota.watch_table(''pg_class'')',
    '22023 pg_class cannot be watched: it belongs to the system; '
    'select rota.watch_table(''public.users'');'),
  ('select rota.watch_table(''rota_core.event'')',
    '22023 rota_core.event cannot be watched: it belongs to rota; '
    'select rota.watch_table(''public.users'');'),
  ('select rota.watch_table(''pg_temp.passing'')',
    '22023 passing cannot be watched: it is a temporary table; '
    'select rota.watch_table(''public.users'');'),
  ('select rota.watch_table(''app.part'')',
    '22023 app.part is a partition of app.whole; '
    'Watch the whole: select rota.watch_table(''app.whole'');'),
  ('select rota.watch_table(''app.t'', level => ''cell'')',
    '22023 level ''cell'' is unknown; It is statement or row.'),
  ('select rota.watch_table(''app.t'', ''{}'')',
    '22023 operations {} are not usable; '
    'They are some of INSERT, UPDATE, DELETE and TRUNCATE: operations => ''{INSERT}''.'),
  ('select rota.watch_table(''app.t'', ''{INSERT,SELECT}'')',
    '22023 operations {INSERT,SELECT} are not usable; '
    'They are some of INSERT, UPDATE, DELETE and TRUNCATE: operations => ''{INSERT}''.'),
  ('select rota.watch_table(''app.t'', ''{INSERT,null}'')',
    '22023 operations {INSERT,NULL} are not usable; '
    'They are some of INSERT, UPDATE, DELETE and TRUNCATE: operations => ''{INSERT}''.'),
  ('select rota.watch_table(''app.t'', topic => ''app.*'')',
    '22023 topic ''app.*'' is not usable; '
    'Use 1 to 200 characters and no *: topic => ''users''.'),
  ('select rota.watch_table(''app.t'', topic => '''')',
    '22023 topic '''' is not usable; '
    'Use 1 to 200 characters and no *: topic => ''users''.'),
  ('select rota.watch_table(''app.t'', columns => ''{name,nme}'')',
    '42704 table app.t has no column nme; It has id, name, secret.'),
  ('select rota.watch_table(''app.t'', exclude => ''{ctid}'')',
    '42704 table app.t has no column ctid; It has id, name, secret.'),
  ('select rota.watch_table(''app.t'', key => ''{nr}'')',
    '42704 table app.t has no column nr; It has id, name, secret.'),
  ('select rota.watch_table(''app.t'', ''{INSERT}'', columns => ''{name}'')',
    '22023 columns says which updates are captured, and operations leaves them out; '
    'operations => ''{INSERT,UPDATE}'''),
  ('select rota.watch_table(''app.t'', exclude => ''{secret,id}'')',
    '22023 column id is the key, or part of it; '
    'Exclude other columns, or give another key: key => ''{id}''. key => ''{}'' is none.'),
  ('select rota.watch_table(''app.t'', condition => ''new.nme = 1'')',
    '22023 condition of the watch on app.t is not usable; '
    'Write an expression over new and old: condition => ''new.status = ''''published'''''';')
) as r (statement, said);

-- the deed
select is(
  rota.watch_table('app.t', '{INSERT,UPDATE,DELETE,TRUNCATE}', exclude => '{secret}'),
  'app.t', 'it answers with the topic'
);
select is(
  rota.watch_table('app.t', '{INSERT,UPDATE,DELETE,TRUNCATE}', exclude => '{secret}'),
  'app.t', 'to say the same again is harmless'
);
select is(
  test.refusal('select rota.watch_table(''app.t'')'),
  '42710 table app.t is watched already, in another way; '
  'To watch it otherwise: select rota.unwatch_table(''app.t'');',
  'a table is watched once'
);
select results_eq(
  $$select
      w.name collate "default", w.topic, w.operations, w.columns, w.condition, w.exclude, w.key,
      w.level, w.state, w.defined_at, w.defined_by::text collate "default"
    from rota.watches as w$$,
  $$values ('app.t', 'app.t', '{INSERT,UPDATE,DELETE,TRUNCATE}'::text[], null::text[],
    null::text, '{secret}'::text[], '{id}'::text[], 'statement', 'active',
    timestamptz '2026-01-01 12:00+00', 'rota_admin')$$,
  'the view shows it'
);
reset role;
set local role rota_test_shop;
do $$ begin
  insert into app.t values (1, 'a', 'x'), (2, 'b', 'y');
  update app.t set name = 'c' where id = 1;
  delete from app.t where id = 2;
  truncate app.t;
end $$;
reset role;
select results_eq(
  'select e.type, e.events, e.record::text, e.old_record::text, e.topic
   from rota_core.event as e order by e.event_id',
  $$values
    ('INSERT', 2, e'[{"id":1,"name":"a"}, \n {"id":2,"name":"b"}]', null, 'app.t'),
    ('UPDATE', 1, '[{"id":1,"name":"c"}]', '[{"id":1,"name":"a"}]', 'app.t'),
    ('DELETE', 1, null, '[{"id":2,"name":"b"}]', 'app.t'),
    ('TRUNCATE', 1, null, null, 'app.t')$$,
  'who writes needs no rights on rota to be captured'
);

-- what runs when others write
select results_eq(
  $$select distinct p.proowner::regrole::text, p.prosecdef,
      has_function_privilege('public', p.oid, 'execute'),
      has_schema_privilege('rota_capture', 'rota_core', 'create')
    from pg_proc as p where p.proname ~ '^capture_\d+_'$$,
  $$values ('rota_capture', true, false, false)$$,
  'the trigger functions belong to a role of their own'
);
select results_eq(
  $$select c.oid::regclass::text, a.privilege_type
    from pg_class as c cross join aclexplode(c.relacl) as a
    where a.grantee = 'rota_capture'::regrole order by 1$$,
  $$values ('rota_core.event', 'INSERT'), ('rota_core.event_id', 'USAGE')$$,
  'which may write to the log and nothing else'
);
set local role rota_admin;
select is(
  rota.watch_table('app.whole', '{INSERT}', topic => 'anything at all', level => 'row'),
  'anything at all', 'the topic may be another'
);

select * from finish();
rollback;
