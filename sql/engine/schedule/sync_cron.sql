set local role rota_worker;

create or replace function rota_core.sync_cron(only_schedule text default null)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_policy constant text := rota_core.setting('cron_policy');
  v_job rota_core.cron_change;
  v_job_id bigint;
  v_result text := 'synced';
begin
  if not exists (select from pg_extension as e where e.extname = 'pg_cron') then
    return 'absent';
  end if;
  if not has_schema_privilege('cron', 'usage') then
    return 'no rights';
  end if;
  -- Who holds it may be a transaction that was left open. The supervisor comes by each minute.
  if not pg_try_advisory_xact_lock(1919906918, 0) then
    return 'busy';
  end if;

  perform rota_core.open_cron_place();

  -- What is right is not touched: a job that is unscheduled while it runs counts as failed.
  for v_job in select c.* from rota_core.cron_changes(only_schedule) as c loop
    -- What somebody defines now is written all the same.
    continue when v_job.drifted and v_policy = 'report' and only_schedule is null;
    begin
      v_job_id := v_job.job_id;
      if not v_job.standing then
        -- To schedule an inactive job anew would leave it inactive.
        if v_job.job_id is not null and (v_job.job_name is null or v_job.inactive) then
          execute 'select cron.unschedule($1)' using v_job.job_id;
          v_job_id := null;
        end if;
        if v_job.job_name is not null then
          execute 'select cron.schedule($1, $2, $3)' into v_job_id
          using v_job.job_name, v_job.schedule, v_job.command;
        end if;
      end if;
      perform rota_core.note_cron_change(v_job, v_job_id);
    exception
      when others then
        v_result := format(
          'failed: %s: %s', coalesce(v_job.job_name, v_job.job_id::text), sqlerrm
        );
    end;
  end loop;
  return v_result;
end;
$$;

comment on function rota_core.sync_cron(text) is
$doc$Makes cron.job true for this database, or for one schedule.

Returns `synced`; `absent` where pg_cron is not in this database, `no rights` where rota_worker may
not use schema cron, `busy` while another session is at it, or `failed: ` and why. It never raises
on account of pg_cron, so that defining a schedule does not depend on it. Jobs of other databases
and of other users are left alone. What others did to ours is put right and logged; where the
setting cron_policy is `report`, only for the schedule that is named. Owned by rota_worker, because
jobs belong to whoever schedules them.$doc$;

revoke all on function rota_core.sync_cron(text) from public;
grant execute on function rota_core.sync_cron(text) to rota_owner;

set local role rota_owner;
