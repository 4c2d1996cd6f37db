begin;
select plan(4);

-- who may call it
select function_privs_are(
  'template_schema', 'template_function', array['jsonb'], 'rota_worker', array['EXECUTE'],
  'a worker may'
);
select function_privs_are(
  'template_schema', 'template_function', array['jsonb'], 'public', array[]::text[],
  'nobody else may'
);

-- the deed
select is(
  template_schema.template_function('{}'), '{}'::jsonb,
  'it returns what it is expected to'
);

-- the task
select is(
  (select t.handler from rota.tasks as t where t.name = 'template-name'),
  'template_schema.template_function',
  'the task template-name calls it'
);

select * from finish();
rollback;
