create or replace function rota_core.check_nesting(pipeline text, steps rota_core.pipeline_step[])
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_path text;
begin
  with recursive inner_task as (
    select u.task, array[check_nesting.pipeline, u.task] as path
    from unnest(steps) as s
    cross join unnest(array[s.task, s.compensate]) as u (task)
    where u.task is not null
    union
    select u.task, i.path || u.task
    from inner_task as i
    join rota_core.pipeline as p on p.pipeline = i.task
    join rota_core.pipeline_step as s on s.pipeline = p.pipeline and s.version = p.version
    cross join unnest(array[s.task, s.compensate]) as u (task)
    where u.task is not null and i.task <> check_nesting.pipeline and cardinality(i.path) < 100
  )
  select array_to_string(i.path, ' -> ')
  into v_path
  from inner_task as i
  where i.task = check_nesting.pipeline
  limit 1;
  if found then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('pipeline %s would start itself: %s', pipeline, v_path),
      hint = 'A run would never end. Take one of the steps out.';
  end if;
end;
$$;

comment on function rota_core.check_nesting(text, rota_core.pipeline_step[]) is
$doc$Refuses, with 22023, a pipeline that would start itself through its steps.$doc$;

revoke all on function rota_core.check_nesting(text, rota_core.pipeline_step[]) from public;
