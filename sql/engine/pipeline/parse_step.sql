create or replace function rota_core.parse_step(pipeline text, ordinal int, step jsonb)
returns rota_core.pipeline_step
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_step rota_core.pipeline_step;
  v_name text := coalesce(step ->> 'name', '#' || ordinal);
  v_unknown text;
  v_key text := 'step';
begin
  if jsonb_typeof(step) is distinct from 'object' then
    perform rota_core.refuse_step(pipeline, v_name, 'it is not a JSON object',
      'Write rota.step(''fetch'', ''fetch-content'').');
  end if;
  select string_agg(k.key, ', ' order by k.key)
  into v_unknown
  from jsonb_object_keys(step) as k (key)
  where k.key <> all (array['name', 'task', 'after', 'for_each', 'when_path', 'on_failure',
    'compensate', 'wait_for', 'timeout', 'start_delay', 'max_parallel']);
  if v_unknown is not null then
    perform rota_core.refuse_step(pipeline, v_name, format('a step cannot have %s', v_unknown),
      'All arguments of a step: \df+ rota.step');
  end if;
  if coalesce(step ->> 'name', '') !~ '^\w[\w-]{0,62}$'
    or step ->> 'name' in ('run', 'element', 'index', 'signal')
  then
    perform rota_core.refuse_step(pipeline, coalesce(quote_literal(left(step ->> 'name', 80)),
      v_name), 'the name is not usable',
      'Use 1 to 63 letters, digits, _ and -; run, element, index and signal have a meaning.');
  end if;

  v_step.pipeline := parse_step.pipeline;
  v_step.ordinal := parse_step.ordinal;
  v_step.step := v_name;
  v_step.task := step ->> 'task';
  v_step.on_failure := coalesce(step ->> 'on_failure', 'fail');
  v_step.compensate := step ->> 'compensate';
  v_step.wait_for := step ->> 'wait_for';
  v_step.for_each := rota_core.parse_step_path(step ->> 'for_each');
  begin
    v_key := 'after';
    v_step.after := array(
      select distinct a.name
      from jsonb_array_elements_text(coalesce(step -> 'after', '[]')) as a (name)
      order by a.name
    );
    v_key := 'when_path';
    v_step.when_path := (step ->> 'when_path')::jsonpath;
    v_key := 'timeout';
    v_step.timeout := (step ->> 'timeout')::interval;
    v_key := 'start_delay';
    v_step.start_delay := coalesce((step ->> 'start_delay')::interval, '0');
    v_key := 'max_parallel';
    v_step.max_parallel := (step ->> 'max_parallel')::int;
  exception when data_exception or syntax_error then
    perform rota_core.refuse_step(pipeline, v_name,
      format('%s %s cannot be understood: %s', v_key, step ->> v_key, sqlerrm),
      'All arguments of a step: \df+ rota.step');
  end;
  v_step.is_plain := v_step.task is not null and v_step.for_each is null
    and v_step.when_path is null and v_step.wait_for is null;
  perform rota_core.check_step(v_step, step ->> 'for_each');
  return v_step;
end;
$$;

comment on function rota_core.parse_step(text, int, jsonb) is
$doc$A step as it is stored. Refuses, with 22023, one that could not be kept by itself.$doc$;

revoke all on function rota_core.parse_step(text, int, jsonb) from public;
