begin;
select plan(20);

-- the house's rules hold for the recipes too
create temp view its_function as
select
  p.oid,
  p.oid::regprocedure::text as signature,
  p.proconfig,
  p.prosecdef
from pg_catalog.pg_proc as p
where p.pronamespace::regnamespace::text in ('content_pipeline', 'data_report', 'data_sync');

select cmp_ok(
  (select count(*) from its_function), '>', 8::bigint, 'there are functions to look at'
);
select is_empty(
  $$select f.signature from its_function as f
    where f.proconfig is distinct from array['search_path=pg_catalog, pg_temp']$$,
  'search_path is pinned to pg_catalog, pg_temp'
);
select is_empty(
  $$select f.signature from its_function as f
    where has_function_privilege('public', f.oid, 'execute')$$,
  'no function is open to public'
);
select is_empty(
  $$select f.signature from its_function as f where obj_description(f.oid, 'pg_proc') is null$$,
  'each function has a comment'
);
select results_eq(
  $$select f.signature from its_function as f where f.prosecdef$$,
  $$values ('data_sync.store_products(jsonb)')$$,
  'one function alone lends its rights'
);
select case
  when to_regnamespace('plpgsql_check') is null
    then skip('plpgsql_check is not installed', 1)
  else is_empty(
    $$select f.signature, plpgsql_check.plpgsql_check_function(f.oid)
      from its_function as f
      join pg_catalog.pg_proc as p on p.oid = f.oid
      join pg_catalog.pg_language as l on l.oid = p.prolang and l.lanname = 'plpgsql'$$,
    'plpgsql_check finds nothing'
  )
end;

-- definitions
select results_eq(
  $$select t.name, t.kind, t.run_as from rota.tasks as t
    where t.tags && '{content,reports,products}' order by t.name collate "C"$$,
  $$values
    ('analyse-days', 'call', 'data_report'), ('collect-day', 'call', 'data_report'),
    ('content', 'pipeline', null), ('data-report', 'pipeline', null),
    ('fetch-content', 'external', null), ('list-days', 'call', 'data_report'),
    ('process-content', 'call', 'content_pipeline'),
    ('publish-content', 'call', 'content_pipeline'), ('sync-products', 'external', null),
    ('transform-days', 'call', 'data_report'), ('write-report', 'call', 'data_report')$$,
  'each task in the database runs as the role of its recipe'
);
select results_eq(
  $$select s.name, s.cron, s.timezone, s.task from rota.schedules as s
    where s.name in ('content', 'data-report', 'sync-products') order by s.name collate "C"$$,
  $$values
    ('content', '0 1 * * *', 'UTC', 'content'),
    ('data-report', '30 4 * * *', 'UTC', 'data-report'),
    ('sync-products', '7 * * * *', 'UTC', 'sync-products')$$,
  'they are due at their times'
);
select results_eq(
  $$select p.name, s.step ->> 'name', s.step ->> 'task'
    from rota.pipelines as p
    cross join jsonb_array_elements(p.steps) with ordinality as s (step, place)
    where p.name = 'content'
    order by s.place$$,
  $$values
    ('content', 'fetch', 'fetch-content'), ('content', 'process', 'process-content'),
    ('content', 'publish', 'publish-content')$$,
  'contents are fetched, processed and published'
);
select is_empty(
  $$select t.name, k.key
    from unnest('{goals,scope,excluded,success_measures}'::text[]) as k (key)
    cross join rota.tasks as t
    where t.tags && '{content,reports,products}' and not t.doc ? k.key$$,
  'goals, scope, what is excluded and success measures are written down'
);
select lives_ok(
  (
    select string_agg(m.measure ->> 'query', ';')
    from rota.tasks as t
    cross join jsonb_array_elements(t.doc -> 'success_measures') as m (measure)
    where t.tags && '{content,reports,products}'
  ),
  'the business queries of the success measures run'
);

-- content_pipeline
select is(
  content_pipeline.clean_item('{"id": 7, "title": " A  b ", "body": " c", "x": 1}'),
  '{"id": "7", "title": "A b", "body": "c"}', 'an item is cleaned'
);
select is(
  content_pipeline.clean_item('{"id": 7, "title": "A"}'), null, 'without a body it is left out'
);
select is(content_pipeline.clean_item('"text"'), null, 'and what is no object');
select is(
  content_pipeline.publish_content('{"process": {"rejected": 1, "items": [
    {"id": "1", "title": "A", "body": "b"}, {"id": "2", "title": "B", "body": "c"}]}}'),
  '{"published": 2, "updated": 0, "unchanged": 0, "rejected": 1}', 'items are published'
);
select is(
  content_pipeline.publish_content('{"process": {"rejected": 0, "items": [
    {"id": "1", "title": "A", "body": "b"}, {"id": "2", "title": "B", "body": "new"}]}}'),
  '{"published": 0, "updated": 1, "unchanged": 1, "rejected": 0}', 'once, and followed'
);

-- data_report
select is(
  data_report.list_days('{"run": {"until": "2026-03-01", "days": 3}}'),
  '{"until": "2026-03-01", "days": ["2026-02-27", "2026-02-28", "2026-03-01"]}',
  'the days before, the last one included'
);
select throws_ok(
  $$select data_report.list_days('{"run": {"days": 1}}')$$, '22023',
  'days must be 2 to 366, not 1', 'one day cannot be compared'
);
select is(
  data_report.collect_day('{"element": "1999-01-01"}'),
  '{"day": "1999-01-01", "signups": 0, "orders": 0, "revenue": 0, "requests": 0, "errors": 0}',
  'a day without anything has figures too'
);

-- data_sync
select results_eq(
  $$select d.answer ->> 'syncedItems', (d.answer ->> 'after')::int - (d.answer ->> 'before')::int
    from data_sync.store_products('[{"id": "a", "name": "A", "price": 1, "stock": 2},
      {"id": "b", "name": "B", "price": 2}]') as d (answer)$$,
  $$values ('2', 2)$$, 'products are stored and counted'
);

select * from finish();
rollback;
