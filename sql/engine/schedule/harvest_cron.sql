create or replace function rota_core.harvest_cron()
returns int
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rota_core.wall_clock();
  v_place rota_core.cron_place;
  v_open bigint[];
  v_seen bigint;
  v_row record;
  v_count int := 0;
begin
  select p.*
  into v_place
  from rota_core.cron_place as p
  where p.extension = (select e.oid from pg_extension as e where e.extname = 'pg_cron')
  for update skip locked;
  if not found then
    return 0;
  end if;
  v_seen := v_place.seen_through;
  select coalesce(array_agg(c.cron_run_id), '{}') into v_open from rota_core.cron_command as c;

  for v_row in
    select d.*, coalesce(c.schedule, j.schedule) as schedule, coalesce(c.slot, j.slot) as slot,
      case
        -- A command that fails as it commits is called a success first.
        when d.status in ('succeeded', 'failed')
          then d.finished_at is null or d.finished_at < v_now - interval '1 s'
        -- pg_cron gives up a start after 10 s, and forgets it when the server ends meanwhile.
        else d.status <> 'running' and c.seen_at < v_now - interval '1 minute'
      end as has_ended
    from rota_core.cron_details(v_seen, v_open) as d
    left join rota_core.cron_command as c on c.cron_run_id = d.cron_run_id
    left join lateral rota_core.command_of_job(
      d.job_id, d.command, coalesce(d.started_at, v_now)
    ) as j on c.cron_run_id is null
  loop
    v_seen := greatest(v_seen, v_row.cron_run_id);
    if v_row.schedule is null then
      continue;
    elsif v_row.has_ended then
      perform rota_core.record_command(
        v_row.schedule, v_row.slot, v_row.command, v_row.status,
        case when v_row.status in ('succeeded', 'failed') then v_row.message
          else 'pg_cron did not start it' end,
        v_row.started_at, v_row.finished_at
      );
      delete from rota_core.cron_command as c where c.cron_run_id = v_row.cron_run_id;
      v_count := v_count + 1;
    else
      insert into rota_core.cron_command (cron_run_id, schedule, slot, seen_at)
      values (v_row.cron_run_id, v_row.schedule, v_row.slot, v_now)
      on conflict on constraint cron_command_pkey do nothing;
    end if;
  end loop;

  if v_seen > v_place.seen_through then
    update rota_core.cron_place as p
    set seen_through = v_seen
    where p.extension = v_place.extension;
  end if;
  return v_count;
end;
$$;

comment on function rota_core.harvest_cron() is
$doc$Enters commands of schedules that pg_cron has ended into history. Returns how many.

Each row of cron.job_run_details is looked at once, in order, under the lock of the place; those
that are under way then are kept and looked at again. All in one transaction, so that a crash
undoes all or nothing and no row is entered twice.$doc$;

revoke all on function rota_core.harvest_cron() from public;
grant execute on function rota_core.harvest_cron() to rota_worker;
