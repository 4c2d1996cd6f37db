create or replace function rota_core.note_cron_change(
  change rota_core.cron_change, job_id bigint
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rota_core.wall_clock();
  v_prefix constant text := rota_core.cron_job_name('schedule:');
  v_suffix constant text := substr(change.job_name, length(v_prefix) + 1);
begin
  update rota_core.cron_job as j
  set gone_at = v_now
  where j.gone_at is null and j.job_id is distinct from note_cron_change.job_id
    and j.job_name = coalesce(change.job_name, change.found_name);

  if job_id is not null then
    insert into rota_core.cron_job (job_id, written_at, job_name, timing, command, schedule)
    values (
      note_cron_change.job_id, v_now, change.job_name, change.schedule, change.command,
      (
        select s.schedule
        from rota_core.schedule as s
        where s.command is not null and starts_with(change.job_name, v_prefix)
          and v_suffix in (s.schedule, left(md5('schedule:' || s.schedule), 16))
        order by s.schedule = v_suffix desc
        limit 1
      )
    )
    on conflict on constraint cron_job_pkey do update set
      (job_name, timing, command, schedule, gone_at) =
      (excluded.job_name, excluded.timing, excluded.command, excluded.schedule, null);
  end if;

  if change.drifted then
    insert into rota_core.log (at, level, message, context, component)
    values (
      v_now, 'warn',
      format('cron job %s was changed by others and is put right', change.found_name),
      jsonb_build_object(
        'job', change.found_name,
        'was', coalesce(change.found, 'gone'),
        'now', case when change.job_name is null then 'gone'
          else format('"%s" %s', change.schedule, change.command) end
      ),
      'rota'
    );
  end if;
end;
$$;

comment on function rota_core.note_cron_change(rota_core.cron_change, bigint) is
$doc$Remembers a job as rota has just written it, or found it right, and logs what others had made
of it. job_id: null where it is gone.$doc$;

revoke all on function rota_core.note_cron_change(rota_core.cron_change, bigint) from public;
grant execute on function rota_core.note_cron_change(rota_core.cron_change, bigint) to rota_worker;
