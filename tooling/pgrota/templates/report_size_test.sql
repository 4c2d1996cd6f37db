begin;
select plan(4);

-- who may call it
select function_privs_are(
  'template_schema', 'report_size', array['jsonb'], 'rota_worker', array['EXECUTE'],
  'a worker may'
);
select function_privs_are(
  'template_schema', 'report_size', array['jsonb'], 'public', array[]::text[],
  'nobody else may'
);

-- the deed
select cmp_ok(
  (template_schema.report_size('{}') ->> 'bytes')::bigint, '>', 0::bigint,
  'it returns how big the database is'
);

-- when
select results_eq(
  $$select s.task, s.cron from rota.schedules as s where s.name = 'template-project-size'$$,
  $$values ('template-project-size', '0 7 * * *')$$,
  'it runs every morning'
);

select * from finish();
rollback;
