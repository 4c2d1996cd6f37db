create or replace function rota_core.purge_cron()
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before constant timestamptz :=
    rota_core.wall_clock() - rota_core.setting('cron_keep')::interval;
  v_place rota_core.cron_place;
  v_open bigint[];
begin
  select p.*
  into v_place
  from rota_core.cron_place as p
  where p.extension = (select e.oid from pg_extension as e where e.extname = 'pg_cron')
  for update skip locked;
  if not found then
    return;
  end if;

  select coalesce(array_agg(c.cron_run_id), '{}') into v_open from rota_core.cron_command as c;
  update rota_core.cron_place as p
  set purged_through = rota_core.purge_cron_details(
    v_place.purged_through, v_place.seen_through, v_before, v_open
  )
  where p.extension = v_place.extension;

  -- Rows of others are not seen, but looked through at each reading. A number is used as soon as it
  -- is drawn, so one that was drawn a while ago and is not ours will never be.
  if v_place.drawn_at is null or v_place.drawn_at < rota_core.wall_clock() - interval '30 s' then
    update rota_core.cron_place as p
    set
      seen_through = case
        when p.drawn_through > p.seen_through and not exists (
          select from rota_core.cron_details(p.seen_through, '{}') as d
          where d.cron_run_id <= p.drawn_through
        ) then p.drawn_through
        else p.seen_through end,
      drawn_through = rota_core.cron_drawn(),
      drawn_at = rota_core.wall_clock()
    where p.extension = v_place.extension;
  end if;

  -- Nothing that is still to be read can have run under these.
  delete from rota_core.cron_job as j
  where j.gone_at < v_before
    or exists (
      select from rota_core.cron_job as n
      where n.job_id = j.job_id and n.written_at > j.written_at and n.written_at < v_before
    );
  delete from rota_core.cron_command as c
  where c.seen_at < v_before
    and c.cron_run_id not in (
      select d.cron_run_id from rota_core.cron_details(9223372036854775807, v_open) as d
    );
end;
$$;

comment on function rota_core.purge_cron() is
$doc$Deletes what pg_cron keeps of our jobs for longer than the setting cron_keep says, once it has
been read, a batch at a time.$doc$;

revoke all on function rota_core.purge_cron() from public;
grant execute on function rota_core.purge_cron() to rota_worker;
