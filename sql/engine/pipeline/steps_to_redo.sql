create or replace function rota_core.steps_to_redo(run_id bigint, from_step text)
returns text[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive redo as (
    select s.step
    from rota_core.pipeline_run as p
    join rota_core.run_step as s on s.run_id = p.run_id
    join rota_core.pipeline_step as d
      on (d.pipeline, d.version, d.step) = (p.pipeline, p.version, s.step)
    where p.run_id = steps_to_redo.run_id
      and (
        s.step = from_step
        or s.state = 'cancelled'
        or (s.state = 'failed' and d.on_failure in ('fail', 'compensate'))
        or s.compensation is not null
      )
    union
    select g.dependant
    from redo as o
    join rota_core.pipeline_run as p on p.run_id = steps_to_redo.run_id
    join rota_core.pipeline_edge as g
      on (g.pipeline, g.version, g.step) = (p.pipeline, p.version, o.step)
  )
  select array_agg(o.step) from redo as o;
$$;

comment on function rota_core.steps_to_redo(bigint, text) is
$doc$The steps of an ended run that a retry does again: those that stand in the way of success,
from_step, and all that come after them.$doc$;

revoke all on function rota_core.steps_to_redo(bigint, text) from public;
