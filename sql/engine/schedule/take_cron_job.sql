create or replace function rota_core.take_cron_job(job_id bigint, acts_as text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before constant text := current_setting('role');
begin
  if acts_as <> current_user then
    perform set_config('role', acts_as, true);
  end if;
  -- As text, because the extension need not be there.
  execute format('select %I.unschedule($1::bigint)', 'cron') using job_id;
  perform set_config('role', v_before, true);
  return true;
exception when insufficient_privilege then
  return false;
end;
$$;

comment on function rota_core.take_cron_job(bigint, text) is
$doc$Removes a job from cron.job with the rights of the caller; returns whether these suffice.$doc$;

revoke all on function rota_core.take_cron_job(bigint, text) from public;
grant execute on function rota_core.take_cron_job(bigint, text) to rota_admin;
