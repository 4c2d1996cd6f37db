set local role rota_worker;

create or replace function rota_core.cron_details(after bigint, open bigint[])
returns table (
  cron_run_id bigint, job_id bigint, command text, status text, message text,
  started_at timestamptz, finished_at timestamptz
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not has_schema_privilege('cron', 'usage')
    or not has_table_privilege('cron.job_run_details', 'select')
  then
    return;
  end if;

  -- As text, because the extension need not be there.
  return query execute format(
    $sql$
    select
      d.runid, d.jobid, d.command, d.status, d.return_message, d.start_time, d.end_time
    from (
      (
        select n.* from %1$I.job_run_details as n
        where n.runid > $1 and n.username = current_user and n.database = current_database()
        order by n.runid
        limit 1000
      )
      union all
      select o.* from %1$I.job_run_details as o
      where o.runid = any($2) and o.username = current_user and o.database = current_database()
    ) as d
    order by d.runid
    $sql$, 'cron'
  ) using after, open;
end;
$$;

comment on function rota_core.cron_details(bigint, bigint[]) is
$doc$What pg_cron has started for rota_worker in this database: the next 1,000 after a runid, and
those of the runids in open. Nothing where rota_worker may not look.$doc$;

revoke all on function rota_core.cron_details(bigint, bigint[]) from public;
grant execute on function rota_core.cron_details(bigint, bigint[]) to rota_owner;

set local role rota_owner;
