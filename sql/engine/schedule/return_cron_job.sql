create or replace function rota_core.return_cron_job(
  schedule text, cron text, command text, username text, job_name text, job_id bigint,
  active boolean
)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before constant text := current_setting('role');
  v_now constant timestamptz := rota_core.wall_clock();
  v_job record;
  v_problem text;
  v_id bigint;
begin
  select f.*
  into v_job
  from rota_core.find_cron_job(cron, command, username, job_name, job_id) as f;

  v_problem := case
    when not exists (select from pg_extension as e where e.extname = 'pg_cron')
      then 'pg_cron is no longer in this database.'
    when not exists (select from pg_roles as r where r.rolname = username)
      then format('There is no role %I any longer.', username)
    when v_job.found_id is not null and v_job.problem is not null
      then 'Another job stands in its place. ' || v_job.problem
    when v_job.found_id is null and not v_job.is_certain
      then format('%I may not act for %I.', current_user, username)
  end;
  if v_problem is null and v_job.found_id is not null then
    return false;
  end if;

  if v_problem is null then
    perform rota_core.refuse_untimely(
      schedule, v_now - interval '2 s', v_now + interval '15 s'
    );
    begin
      perform set_config('role', username, true);
      -- As text, because the extension need not be there.
      if job_name is null then
        execute format('select %I.schedule($1, $2)', 'cron') into v_id using cron, command;
      else
        execute format('select %I.schedule($1, $2, $3)', 'cron') into v_id
        using job_name, cron, command;
      end if;
      if v_job.acts_as <> username then
        perform set_config('role', v_before, true);
      end if;
      if not active then
        execute format('select %I.alter_job($1, active => false)', 'cron') using v_id;
      end if;
      perform set_config('role', v_before, true);
    exception
      when insufficient_privilege then
        v_problem := format('%I may not put it there: %s.', current_user, sqlerrm);
    end;
  end if;

  if v_problem is not null then
    raise exception using
      errcode = 'insufficient_privilege',
      message = format('cron job %s of %s cannot be put back',
        coalesce(quote_literal(job_name), job_id::text), username),
      detail = v_problem,
      hint = format('Do it as a superuser%s; or give that job up: select rota.drop_schedule(%L);',
        case when active then format(' or a member of %I', username) end, schedule);
  end if;
  return true;
end;
$$;

comment on function rota_core.return_cron_job(text, text, text, text, text, bigint, boolean) is
$doc$Puts the job back into cron.job in whose place a schedule was put, as it was then, with the
rights of the caller. To be called just before the schedule is dropped, in the same transaction.

Returns false where it stands there already.
Raises 42501, naming the job, where it cannot be put back, and 55P03 when a slot is near.$doc$;

revoke all on function rota_core.return_cron_job(text, text, text, text, text, bigint, boolean)
from public;
grant execute on function rota_core.return_cron_job(text, text, text, text, text, bigint, boolean)
to rota_admin;
