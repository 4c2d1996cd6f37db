begin;
select plan(2);

select results_eq(
  $$select s.task, s.cron from rota.schedules as s where s.name = 'template-name'$$,
  $$values ('template-task', 'template_cron')$$,
  'the schedule template-name starts template-task'
);
select isnt(
  rota.cron_next('template_cron', timestamptz '2026-01-01 00:00+00'), null,
  'there are times to come'
);

select * from finish();
rollback;
