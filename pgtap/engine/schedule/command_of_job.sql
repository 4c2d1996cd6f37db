begin;
select plan(10);
set local time zone 'UTC';

-- given: a job that rang, then ran a command, then another at other times
insert into rota_core.cron_job (job_id, written_at, job_name, timing, command, schedule)
values
  (1, '2026-01-01', 'rota:x:schedule:a', '*/5 * * * *', 'select fire', null),
  (1, '2026-01-03', 'rota:x:schedule:a', '*/5 * * * *', 'vacuum', 'a'),
  (1, '2026-01-05', 'rota:x:schedule:a', '0 4 * * *', 'vacuum', 'a'),
  (1, '2026-01-07', 'rota:x:schedule:a', '0 5 * * *', 'analyze', 'a');

select ok(
  not has_function_privilege(
    'public', 'rota_core.command_of_job(bigint, text, timestamptz)', 'execute'
  ),
  'it is internal'
);
select is(
  (
    select concat_ws(' ', j.schedule, to_char(j.slot, 'MM-DD HH24:MI'))
    from rota_core.command_of_job(c.job_id, c.command, c.at::timestamptz) as j
  ),
  c.answer, c.what
)
from (values
  (1, 'select fire', '2026-01-02 12:00', '', 'a doorbell is no command'),
  (1, 'vacuum', '2026-01-03 12:07:03', 'a 01-03 12:05', 'the slot is the last before the start'),
  (1, 'vacuum', '2026-01-03 12:05', 'a 01-03 12:05', 'a start to the microsecond is in time'),
  (1, 'vacuum', '2026-01-06 03:00', 'a 01-05 04:00', 'the times are those of its day'),
  (1, 'vacuum', '2026-01-07 04:00:00.1', 'a 01-07 04:00', 'what runs counts for more than when'),
  (1, 'analyze', '2026-01-08 06:00', 'a 01-08 05:00', 'the newest'),
  (1, 'edited', '2026-01-08 06:00', 'a 01-08 05:00', 'what others made of it, at its time'),
  (1, 'vacuum', '2025-12-31', '', 'what ran before rota knew the job is not ours'),
  (2, 'vacuum', '2026-01-06', '', 'an unknown job is not ours')
) as c (job_id, command, at, answer, what);

select * from finish();
rollback;
