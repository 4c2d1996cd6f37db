create or replace function rota.define_pipeline(
  name text, steps jsonb[], timeout interval default null, alert text default null,
  tags text[] default '{}', owner text default null, doc jsonb default '{}'
)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_steps rota_core.pipeline_step[];
  v_timeout interval := coalesce(timeout, interval '30 days');
begin
  perform rota_core.check_name('task', name);
  if coalesce(cardinality(steps), 0) not between 1 and 1000 then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('pipeline %s must have 1 to 1,000 steps, not %s', name,
        coalesce(cardinality(steps), 0)),
      hint = 'select rota.define_pipeline(''content'', array[rota.step(''fetch'', ''fetch-content'')]);';
  end if;
  if v_timeout <= interval '0' or v_timeout > interval '1 year' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('timeout of pipeline %s must be longer than zero and at most 1 year', name),
      hint = 'A run that has not ended by then fails; 30 days is the default.';
  end if;
  perform rota_core.check_policy(
    'call', v_timeout, 1, '0', 1, '0', 0, '{}', null, define_pipeline.doc
  );
  v_steps := array(
    select rota_core.parse_step(name, s.ordinal::int, s.step)
    from unnest(steps) with ordinality as s (step, ordinal)
    order by s.ordinal
  );

  -- Two definitions at a time could each start the other, and neither would see it.
  perform pg_advisory_xact_lock(1919906918, 0);
  -- Held until it is seen that this pipeline uses them.
  perform
  from rota_core.task as t
  where t.task in (
    select u.task from unnest(v_steps) as s cross join unnest(array[s.task, s.compensate]) as u (task)
  )
  order by t.task
  for key share;
  perform rota_core.check_steps(name, v_steps);
  perform rota_core.save_pipeline(name, v_steps, steps, v_timeout, alert, tags, owner, doc);
  -- Now that the name is its own: a step of that name is this pipeline.
  perform rota_core.check_nesting(name, v_steps);
  return name;
end;
$$;

comment on function rota.define_pipeline(text, jsonb[], interval, text, text[], text, jsonb) is
$doc$Define a pipeline, or define it anew: a task made of steps that depend on each other.

- name: of the pipeline, which is started like any task: rota.start, schedules, subscriptions,
  steps of other pipelines.
- steps: 1 to 1,000, each made by rota.step.
- timeout: from when its steps begin (default 30 days, at most 1 year): what is open then is
  cancelled, what was done is compensated, and the run fails.
- alert: a channel for failed runs. tags: carried by every run of it and of its steps.
- owner: who answers for it. doc: a JSON object: goals, scope, excluded, success_measures, ...

Steps that do not wait for each other run in parallel, as runs of their tasks, with their retries,
lanes and limits. Its output is `{"<step>": <output>}` of the steps that none comes after. A run
that has begun goes on with the steps it began with.

Returns the name. Raises 22023 for steps that cannot be, naming them: a cycle, a name twice, an
unknown step, a for_each that is no path; 42704 for an unknown task; 42710 when the name is that of
another task. For: rota_admin.$doc$;

revoke all on function rota.define_pipeline(
  text, jsonb[], interval, text, text[], text, jsonb
) from public;
grant execute on function rota.define_pipeline(
  text, jsonb[], interval, text, text[], text, jsonb
) to rota_admin;
