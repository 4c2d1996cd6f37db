select rota.define_task(
  'template-name',
  'template_schema.template_function',
  timeout => '5 min',
  max_attempts => 3
);
