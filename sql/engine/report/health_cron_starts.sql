create or replace function rota_core.health_cron_starts(facts jsonb)
returns table (check_name text, status text, detail text, hint text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_background text := facts ->> 'use_background_workers';
  v_processes constant int := current_setting('max_worker_processes')::int;
  v_wanted constant int := (facts ->> 'wanted')::int;
begin
  if not facts ? 'version' then
    return;
  end if;
  if pg_has_role(current_user, 'pg_read_all_settings', 'usage') then
    v_background := current_setting('cron.use_background_workers', true);
  end if;

  check_name := 'pg_cron starts';
  if facts ->> 'last_status' is distinct from 'failed' then
    status := 'ok';
    detail := case when facts ? 'last_status' then 'the last job of rota was started'
      else 'no job of rota was started yet' end;
  elsif (facts ->> 'last_started')::boolean then
    status := 'warning';
    detail := format('the last job of rota ended with: %s', facts ->> 'last_message');
    hint := 'select * from cron.job_run_details order by runid desc limit 20;';
  else
    status := case when (facts ->> 'supervised')::boolean then 'warning' else 'critical' end;
    detail := format('pg_cron could not start the last job of rota: %s', facts ->> 'last_message');
    hint := case when v_background::boolean
      then 'The server''s log says why: rota_worker may not log in, or max_worker_processes is too '
        'small.'
      else 'It logs in as rota_worker at cron.host (localhost, unless set): let it in by '
        'pg_hba.conf, with trust for a socket directory, or by .pgpass of the server''s user. With '
        'pg_cron 1.5 or later also: alter system set cron.use_background_workers = on; restart '
        'the server.' end;
  end if;
  return next;

  if v_background::boolean then
    check_name := 'pg_cron processes';
    -- pg_cron's launcher and logical replication's take one each.
    if v_wanted + 2 > v_processes then
      status := 'warning';
      detail := format('%s jobs are wanted, and max_worker_processes is %s', v_wanted, v_processes);
      hint := format('alter system set max_worker_processes = %s; restart the server.',
        v_processes + v_wanted + 2);
    else
      status := 'ok';
      detail := format('%s jobs of %s processes', v_wanted, v_processes);
      hint := null;
    end if;
    return next;
  end if;
end;
$$;

comment on function rota_core.health_cron_starts(jsonb) is
$doc$Whether pg_cron can start what it should: log in as rota_worker, or have a background worker
for each job. Runs with the caller's rights, as health_cron does.$doc$;

revoke all on function rota_core.health_cron_starts(jsonb) from public;
grant execute on function rota_core.health_cron_starts(jsonb) to rota_reader, rota_admin;
