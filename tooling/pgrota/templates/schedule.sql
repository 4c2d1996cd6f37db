-- requires: template_task_file

-- `rota schedule next template-name` shows the times to come.
select rota.define_schedule(
  'template-name',
  'template_cron',
  task => 'template-task',
  timezone => 'UTC'
);
