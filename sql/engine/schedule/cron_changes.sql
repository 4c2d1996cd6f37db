set local role rota_worker;

create or replace function rota_core.cron_changes(only_schedule text default null)
returns setof rota_core.cron_change
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- As text, because the extension need not be there.
  return query execute format(
    $sql$
    select
      j.jobid, w.job_name, w.schedule, w.command, not (j.active and j.is_here),
      coalesce(j.jobname, b.job_name),
      case when j.jobid is not null then format('"%%s" %%s%%s%%s', j.schedule, j.command,
        case when not j.active then ' (inactive)' end,
        case when not j.is_here then format(' (in database %%s)', j.database) end) end,
      r.is_right,
      case
        when r.is_right then false
        when b.job_name is null then j.jobid is not null
        else (b.job_id, b.schedule, b.command, true, true)
          is distinct from (j.jobid, j.schedule, j.command, j.active, j.is_here)
      end
    from rota_core.wanted_cron_jobs($1) as w
    full join (
      select
        c.jobid, c.jobname::text as jobname, c.schedule, c.command, c.active, c.database,
        c.database = current_database() as is_here
      from %I.job as c
      where c.username = current_user
        and case when $1 is null then starts_with(c.jobname, rota_core.cron_job_name())
          else c.jobname = rota_core.cron_job_name('schedule:' || $1) end
        and (
          c.database = current_database()
          or c.jobname in (select n.job_name from rota_core.wanted_cron_jobs($1) as n)
          or c.jobid in (select o.job_id from rota_core.written_cron_jobs($1) as o)
        )
    ) as j on j.jobname = w.job_name
    full join rota_core.written_cron_jobs($1) as b on b.job_name = coalesce(w.job_name, j.jobname)
    cross join lateral (
      select (w.schedule, w.command, j.jobid is not null)
        is not distinct from (j.schedule, j.command, coalesce(j.active and j.is_here, false))
        as is_right
    ) as r
    where not r.is_right
      or (b.job_id, b.schedule, b.command) is distinct from (j.jobid, j.schedule, j.command)
    $sql$, 'cron'
  ) using only_schedule;
end;
$$;

comment on function rota_core.cron_changes(text) is
$doc$How cron.job differs from what this database wants of it, or what one schedule does.

job_name is null for a job that should not be there, job_id for one that is missing; inactive: it
has to be made anew. found: what stands there. drifted: somebody else than rota did it; standing:
it is right, and only not known to be.
Needs pg_cron.$doc$;

revoke all on function rota_core.cron_changes(text) from public;
grant execute on function rota_core.cron_changes(text) to rota_owner, rota_reader, rota_admin;

set local role rota_owner;
