create or replace function rota_core.tend()
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_synced text;
begin
  if not pg_try_advisory_xact_lock(1919906917, 0) then
    return false;
  end if;

  perform rota.resume(p.kind, p.name) from rota_core.pause as p where p.until <= v_now;
  perform rota_core.mend_schedules();

  perform rota_core.finish_runs(array(
    select r.run_id
    from rota_core.run as r
    where r.state = 'queued'
      and not exists (select from rota_core.task as t where t.task = r.task)
    order by r.run_id
  ), 'queued', 'cancelled', rota_core.error_json('42704', 'the task was dropped'));

  perform rota_core.lose_worker(o.worker_id)
  from (
    select distinct r.worker_id
    from rota_core.run as r
    left join rota_core.worker as w on w.worker_id = r.worker_id
    where r.state = 'running' and r.version is null
      and (w.worker_id is null or w.ended_at is not null)
  ) as o;

  update rota_core.run as r
  set limited = true
  where not r.limited and r.state = 'queued' and r.task = any(rota_core.limited_tasks());

  delete from rota_core.run_key as k
  where k.expires_at < v_now
    and not exists (select from rota_core.run as r where r.run_id = k.run_id);
  delete from rota_core.worker as w where w.ended_at < v_now - interval '1 day';
  delete from rota_core.slot as s
  where s.slot < v_now - rota_core.setting('slot_keep')::interval
    -- A long deadline is still to be judged by them.
    and not exists (
      select from rota_core.deadline as d
      where d.schedule = s.schedule and d.judged_until <= s.slot and d.due_at > v_now
    );
  delete from rota_core.missed_deadline as m
  where m.closed_at < v_now - rota_core.setting('history_keep')::interval;

  perform rota_core.ensure_partitions();
  perform rota_core.drop_partitions();
  v_synced := rota_core.sync_cron();
  if v_synced like 'failed: %' then
    perform rota_core.note_trouble('sync_cron', '', v_synced);
  end if;
  perform rota_core.ring_cron();
  perform rota_core.purge_cron();
  return true;
end;
$$;

comment on function rota_core.tend() is
$doc$Rota's own upkeep, once a minute: pauses that end, schedules after the clock was put back,
runs without a task, expired keys, partitions, cron.job and its history. Returns false when
another session is at it.$doc$;

revoke all on function rota_core.tend() from public;
grant execute on function rota_core.tend() to rota_worker;
