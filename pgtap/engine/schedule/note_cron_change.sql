begin;
select plan(12);
set local time zone 'UTC';

-- given: a still clock, a schedule with a command, one with a long name, and one with a task
select test.set_clock('2026-01-01 12:00+00');
do $$ begin
  perform rota.define_task('work', 'test.f');
  perform rota.define_schedule('work', '@daily');
  perform rota.define_schedule('tidy', '@daily', command => 'vacuum');
  perform rota.define_schedule(repeat('x', 63), '@daily', command => 'analyze');
end $$;
create function pg_temp.note(
  job_id bigint, name text, timing text, command text, found_id bigint default null,
  found text default null, drifted boolean default false
)
returns void language sql as $$
  select rota_core.note_cron_change(
    row(
      found_id, case when timing is not null then name end, timing, command, false, name, found,
      false, drifted
    )::rota_core.cron_change,
    job_id
  )
$$;

select is(
  test.callers('rota_core.note_cron_change'), '{rota_worker}',
  'rota_worker, which writes cron.job, may call it'
);

-- the deed
select pg_temp.note(1, rota_core.cron_job_name('supervisor'), '* * * * *', 'call rota.supervise()');
select pg_temp.note(2, rota_core.cron_job_name('schedule:tidy'), '0 0 * * *', 'vacuum');
select pg_temp.note(
  3, rota_core.cron_job_name('schedule:' || repeat('x', 63)), '0 0 * * *', 'analyze'
);
select pg_temp.note(4, rota_core.cron_job_name('schedule:work'), '0 0 * * *', 'select fire');
select results_eq(
  'select j.job_id, j.schedule, j.gone_at from rota_core.cron_job as j order by j.job_id',
  $$values (1::bigint, null::text, null::timestamptz), (2, 'tidy', null),
    (3, repeat('x', 63), null), (4, null, null)$$,
  'jobs are remembered, with the schedule where they run a command'
);
select is_empty('select from rota_core.log', 'what rota does itself is not worth a line');

select test.set_clock('2026-01-01 13:00+00');
select pg_temp.note(2, rota_core.cron_job_name('schedule:tidy'), '0 1 * * *', 'vacuum', 2);
select pg_temp.note(2, rota_core.cron_job_name('schedule:tidy'), '0 2 * * *', 'vacuum', 2);
select results_eq(
  $$select j.timing, j.written_at from rota_core.cron_job as j where j.job_id = 2
    order by j.written_at$$,
  $$values ('0 0 * * *', timestamptz '2026-01-01 12:00+00'),
    ('0 2 * * *', timestamptz '2026-01-01 13:00+00')$$,
  'a version is kept for each time it is written, the last of a moment'
);
set local role rota_worker;
select results_eq(
  $$select j.job_id, j.schedule, j.command from rota_core.written_cron_jobs('tidy') as j$$,
  $$values (2::bigint, '0 2 * * *', 'vacuum')$$, 'the newest version is what was written'
);
select is(
  (select count(*) from rota_core.written_cron_jobs()), 4::bigint, 'once for each job'
);
reset role;

select pg_temp.note(
  5, rota_core.cron_job_name('schedule:tidy'), '0 2 * * *', 'vacuum', 2, '"1 1 1 1 1" vacuum', true
);
select results_eq(
  'select j.job_id from rota_core.written_cron_jobs(''tidy'') as j', 'values (5::bigint)',
  'one that was made anew replaces the one before'
);
select is(
  (select count(*) from rota_core.cron_job as j where j.gone_at is not null), 2::bigint,
  'which stays, as gone, for what it ran'
);
select results_eq(
  'select l.level, l.component, l.message, l.context from rota_core.log as l',
  format(
    $$values
      ('warn', 'rota', 'cron job %1$s was changed by others and is put right', %2$L::jsonb)$$,
    rota_core.cron_job_name('schedule:tidy'),
    jsonb_build_object(
      'job', rota_core.cron_job_name('schedule:tidy'), 'was', '"1 1 1 1 1" vacuum',
      'now', '"0 2 * * *" vacuum'
    )
  ),
  'what others did is logged: the job, what it was, and what it is now'
);

select pg_temp.note(null, rota_core.cron_job_name('schedule:tidy'), null, null, 5);
select pg_temp.note(null, rota_core.cron_job_name('added'), null, null, 9, '"* * * * *" x', true);
select is_empty(
  'select from rota_core.written_cron_jobs(''tidy'')', 'what is taken away is not written any more'
);
select is(
  (
    select l.context ->> 'now' from rota_core.log as l
    where l.context ->> 'job' = rota_core.cron_job_name('added')
  ),
  'gone', 'a job that others added is gone'
);
select is((select count(*) from rota_core.log), 2::bigint, 'each is one line');

select * from finish();
rollback;
