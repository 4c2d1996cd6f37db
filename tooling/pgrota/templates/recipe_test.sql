begin;
select plan(3);

select function_privs_are(
  'template_schema', 'handle', array['jsonb'], 'rota_worker', array['EXECUTE'],
  'a worker may call it'
);
select is(
  template_schema.handle('{}'), '{}'::jsonb,
  'it returns what it is expected to'
);
select is(
  (select t.handler from rota.tasks as t where t.name = 'template-name'),
  'template_schema.handle',
  'the task template-name calls it'
);

select * from finish();
rollback;
