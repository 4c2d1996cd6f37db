create or replace function rota_core.lost_steps(run_ids bigint[])
returns setof rota_core.step_ref
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select s.run_id, s.step
  from rota_core.run as r
  join rota_core.run_step as s on s.run_id = r.run_id
  where r.version is not null
    and (lost_steps.run_ids is null or r.run_id = any (lost_steps.run_ids))
    and (s.state = 'started' or s.compensation = 'started')
    and not exists (
      select from rota_core.run as c where c.parent_run_id = s.run_id and c.step = s.step
    );
$$;

comment on function rota_core.lost_steps(bigint[]) is
$doc$Steps of live runs, of these or of all, that are under way, or being compensated,
without a run.$doc$;

revoke all on function rota_core.lost_steps(bigint[]) from public;
