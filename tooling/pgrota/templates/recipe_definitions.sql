-- requires: template_schema/handle.sql

select rota.define_task(
  'template-name',
  'template_schema.handle',
  max_attempts => 5,
  doc => $doc${
    "goals": ["What this is for"],
    "scope": ["What it does"],
    "excluded": ["What it does not"]
  }$doc$
);

-- What starts it, such as the rows of a table or the time of the day:
-- select rota.watch_table('public.example', '{INSERT}');
-- select rota.subscribe('template-name', 'public.example', task => 'template-name');
-- select rota.define_schedule('template-name', '0 3 * * *');
