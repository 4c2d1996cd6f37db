create or replace function rota.adopt_cron_job(
  schedule text, cron text, command text, username text, job_name text default null,
  job_id bigint default null, active boolean default true
)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rota_core.wall_clock();
  v_title constant text := format(
    'cron job %s of %s', coalesce(quote_literal(job_name), job_id::text, 'without a name'), username
  );
  v_obstacle text := rota_core.adoption_obstacle(schedule, username);
  v_job record;
  v_outcome text := 'absent';
begin
  select f.*
  into v_job
  from rota_core.find_cron_job(cron, command, username, job_name, job_id) as f;

  if v_job.problem is not null and v_job.found_id is not null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('%s is no longer what schedule %s was made from', v_title, schedule),
      detail = v_job.problem,
      hint = 'Have its file written anew: rota adopt.';
  end if;

  if v_job.found_id is null and v_job.is_certain then
    v_obstacle := null;
  elsif v_job.found_id is null then
    v_outcome := 'waiting';
    v_obstacle := format('%s may still be there: deploy as a superuser or a member of %s', v_title,
      username);
  elsif v_obstacle is not null then
    v_outcome := 'waiting';
  elsif v_job.is_running then
    raise exception using
      errcode = 'lock_not_available',
      message = format('%s is running', v_title),
      detail = 'What becomes of a run whose job is taken away depends on the version of pg_cron.',
      hint = 'Do it again when it has ended. If it always runs: update cron.job set active = false,'
        || ' and wait.';
  else
    perform rota_core.refuse_untimely(
      schedule, v_now - interval '2 s', v_now + interval '15 s'
    );
    if rota_core.take_cron_job(v_job.found_id, v_job.acts_as) then
      v_outcome := 'replaced';
    else
      v_outcome := 'waiting';
      v_obstacle := format('%s is still there: deploy as a superuser or a member of %s', v_title,
        username);
    end if;
  end if;

  perform rota_core.save_adoption(
    schedule, cron, command, username, job_name, job_id, coalesce(v_job.found_active, active),
    v_outcome, v_obstacle
  );
  return v_outcome;
end;
$$;

comment on function rota.adopt_cron_job(text, text, text, text, text, bigint, boolean) is
$doc$Let a schedule take the place of a job that somebody typed into cron.job: the job goes in the
transaction in which the schedule comes, so that nothing starts twice or not at all. The files
that `rota adopt` writes call it.

- schedule: which one, defined just before.
- cron, command, username, job_name, job_id: the job as it was found.
- active: whether it was; a schedule in the place of an inactive one is paused.

Returns `replaced`; `absent` where there is no such job, as in another database or the second
time; or `waiting` where the caller's rights do not suffice to see it or take it away, or those of
rota_worker to run its command: then the job goes on and the schedule is paused, until a deploy
with such rights. By hand, as the owner of the job: `select cron.unschedule(...)`, then
`rota schedule resume`.
Raises 42704 for an unknown schedule, 22023 when the job has been changed, 55P03 while it runs or
is about to.
For: rota_admin.$doc$;

revoke all on function rota.adopt_cron_job(text, text, text, text, text, bigint, boolean)
from public;
grant execute on function rota.adopt_cron_job(text, text, text, text, text, bigint, boolean)
to rota_admin;
