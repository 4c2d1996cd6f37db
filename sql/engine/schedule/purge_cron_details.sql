set local role rota_worker;

create or replace function rota_core.purge_cron_details(
  after bigint, through bigint, before timestamptz, open bigint[]
)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_rows bigint[];
  v_old_through bigint;
  v_purged bigint;
begin
  if not has_schema_privilege('cron', 'usage')
    or not has_table_privilege('cron.job_run_details', 'select')
    or not has_table_privilege('cron.job_run_details', 'delete')
  then
    return after;
  end if;

  -- As text, because the extension need not be there. In the order of runid, which is that of time:
  -- no index knows the times, and others' rows may be many.
  execute format(
    $sql$
    select
      array_agg(b.runid order by b.runid),
      max(b.runid) filter (where coalesce(b.end_time, b.start_time) < $3)
    from (
      select d.runid, d.start_time, d.end_time
      from %1$I.job_run_details as d
      where d.runid > $1 and d.runid <= $2 and d.username = current_user
        and d.database = current_database()
      order by d.runid
      limit 2000
    ) as b
    $sql$, 'cron'
  ) into v_rows, v_old_through using after, through, before;
  if v_rows is null then
    return after;
  end if;

  -- What was never started has no time: it is as old as what came after it.
  execute format(
    $sql$
    with gone as (
      delete from %1$I.job_run_details as d
      where d.runid = any($1) and d.runid <= $2 and d.runid <> all($3) and d.status <> 'running'
        and coalesce(d.end_time, d.start_time, '-infinity') < $4
      returning d.runid
    )
    select coalesce(min(r.runid) - 1, $5)
    from unnest($1) as r (runid)
    where not exists (select from gone as g where g.runid = r.runid)
    $sql$, 'cron'
  ) into v_purged
  using v_rows, v_old_through, open, before, v_rows[cardinality(v_rows)];
  return v_purged;
end;
$$;

comment on function rota_core.purge_cron_details(bigint, bigint, timestamptz, bigint[]) is
$doc$Deletes what pg_cron keeps of rota_worker's jobs in this database, after one runid up to
another, where it is older than `before`, not under way and not among open: at most 2,000 at a
time. Returns the runid up to which nothing is left.$doc$;

revoke all on function rota_core.purge_cron_details(bigint, bigint, timestamptz, bigint[])
from public;
grant execute on function rota_core.purge_cron_details(bigint, bigint, timestamptz, bigint[])
to rota_owner;

set local role rota_owner;
