create or replace function rota_core.start_elements(
  run_id bigint, step text, input jsonb, first_element int, how_many int
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
begin
  insert into rota_core.run (
    task, lane, priority, run_at, input, limited, created_at, created_by, key, tags, origin,
    parent_run_id, step, element
  )
  select
    t.task, t.lane, t.priority, t.run_at,
    t.rest || jsonb_build_object('element', t.elements -> e.element, 'index', e.element),
    t.is_limited, v_now, t.created_by,
    rota_core.step_key(start_elements.run_id, start_elements.step, t.round, e.element),
    t.tags, t.origin, start_elements.run_id, start_elements.step, e.element
  from (
    select
      t.task, t.lane, t.priority + r.priority as priority, v_now + d.start_delay as run_at,
      start_elements.input #- d.for_each as rest,
      start_elements.input #> d.for_each as elements,
      rota_core.is_limited(t) as is_limited, r.created_by, t.tags || r.tags as tags, s.round,
      'pipeline:' || p.pipeline as origin
    from rota_core.pipeline_run as p
    join rota_core.run as r on r.run_id = p.run_id
    join rota_core.run_step as s on s.run_id = p.run_id and s.step = start_elements.step
    join rota_core.pipeline_step as d
      on (d.pipeline, d.version, d.step) = (p.pipeline, p.version, start_elements.step)
    join rota_core.task as t on t.task = d.task
    where p.run_id = start_elements.run_id
    offset 0
  ) as t
  cross join generate_series(first_element, first_element + how_many - 1) as e (element)
  order by e.element;
end;
$$;

comment on function rota_core.start_elements(bigint, text, jsonb, int, int) is
$doc$Queues runs for elements of a for_each, from first_element (0 is the first) on. The input is
the step's, from which the array is left out.$doc$;

revoke all on function rota_core.start_elements(bigint, text, jsonb, int, int) from public;
