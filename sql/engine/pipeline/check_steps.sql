create or replace function rota_core.check_steps(
  pipeline text, steps rota_core.pipeline_step[]
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_wrong record;
  v_cycle text;
begin
  select s.step, count(*) as times
  into v_wrong
  from unnest(steps) as s
  group by s.step
  having count(*) > 1
  limit 1;
  if found then
    perform rota_core.refuse_step(pipeline, v_wrong.step,
      format('the name stands %s times', v_wrong.times), 'Give each step a name of its own.');
  end if;

  select s.step, a.name
  into v_wrong
  from unnest(steps) as s
  cross join unnest(s.after) as a (name)
  where not exists (select from unnest(steps) as o where o.step = a.name)
  order by s.ordinal
  limit 1;
  if found then
    perform rota_core.refuse_step(pipeline, v_wrong.step,
      format('it comes after %s, which is not a step', quote_nullable(v_wrong.name)),
      format('Steps are %s.',
        (select string_agg(s.step, ', ' order by s.ordinal) from unnest(steps) as s)));
  end if;

  v_cycle := rota_core.step_cycle(steps);
  if v_cycle is not null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('steps of pipeline %s wait for each other: %s', pipeline, v_cycle),
      hint = 'Take one of them out of the other''s after.';
  end if;

  select s.step, u.task, t.kind
  into v_wrong
  from unnest(steps) as s
  cross join unnest(array[s.task, s.compensate]) as u (task)
  left join rota_core.task as t on t.task = u.task and not starts_with(t.task, 'subscription:')
  where u.task is not null and (t.kind is null or t.kind = 'batch')
  order by s.ordinal
  limit 1;
  if found and v_wrong.kind is null then
    raise exception using
      errcode = 'undefined_object',
      message = format('step %s of pipeline %s: task %s does not exist', v_wrong.step, pipeline,
        quote_literal(left(v_wrong.task, 200))),
      hint = format('Define it first: select rota.define_task(%L, ''schema.function'');',
        left(v_wrong.task, 200));
  elsif found then
    perform rota_core.refuse_step(pipeline, v_wrong.step,
      format('task %s is of kind batch, for the events of a subscription', v_wrong.task),
      'Give the step a task of kind call, chunked or external, or a pipeline.');
  end if;
end;
$$;

comment on function rota_core.check_steps(text, rota_core.pipeline_step[]) is
$doc$Refuses steps that do not go together: 22023 for one name twice, an unknown step, a cycle or a
batch task, 42704 for an unknown task.$doc$;

revoke all on function rota_core.check_steps(text, rota_core.pipeline_step[]) from public;
