create or replace function rota_core.runs_to_resume(step rota_core.run_step)
returns bigint[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select n.run_id
    from (
      select distinct on (f.element) f.run_id, f.element, f.state, f.redacted
      from rota_core.finished_run as f
      join rota_core.task as t on t.task = f.task
      where f.parent_run_id = (runs_to_resume.step).run_id
        and f.step = (runs_to_resume.step).step and not starts_with(f.origin, 'compensation:')
        and f.created_at >= (runs_to_resume.step).ready_at
      order by f.element, f.run_id desc
    ) as n
    where n.state in ('failed', 'cancelled') and not n.redacted
      and not exists (
        select
        from rota_core.element_output as o
        where o.run_id = (runs_to_resume.step).run_id and o.step = (runs_to_resume.step).step
          and o.element = n.element
      )
    order by n.run_id
  );
$$;

comment on function rota_core.runs_to_resume(rota_core.run_step) is
$doc$The runs of a step, in its last round, that have not succeeded.$doc$;

revoke all on function rota_core.runs_to_resume(rota_core.run_step) from public;
