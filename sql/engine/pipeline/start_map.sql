create or replace function rota_core.start_map(
  def rota_core.pipeline_step, state rota_core.run_step, input jsonb
)
returns rota_core.step_end[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_array jsonb := input #> (def).for_each;
  v_path text := array_to_string((def).for_each, '.');
  v_count int;
  v_now_many int;
begin
  if jsonb_typeof(v_array) is distinct from 'array' then
    return rota_core.end_step((state).run_id, (def).step, 'failed', null, rota_core.error_json(
      '22023', format('for_each %s is no array but %s', v_path, coalesce(jsonb_typeof(v_array),
        'nothing')), '', case (def).for_each[1]
          when 'run' then 'Start the pipeline with an array there.'
          when 'signal' then 'Send the signal with an array there.'
          else format('Let step %s answer an array there.', (def).for_each[1]) end));
  end if;
  v_count := jsonb_array_length(v_array);
  if v_count > 10000 then
    return rota_core.end_step((state).run_id, (def).step, 'failed', null, rota_core.error_json(
      '22023', format('for_each %s has %s elements; at most 10,000 can be', v_path, v_count), '',
      'Hand over chunks, each an array of elements.'));
  end if;
  if v_count = 0 then
    return rota_core.end_step((state).run_id, (def).step, 'succeeded', '[]', null);
  end if;

  v_now_many := least(v_count, coalesce((def).max_parallel, v_count));
  update rota_core.run_step as s
  set
    state = 'started', open_runs = v_now_many, elements = v_count, next_element = v_now_many,
    failed_elements = 0, is_stopped = false, ready_at = coalesce(s.ready_at, v_now),
    due_at = coalesce(s.due_at, v_now + (def).timeout)
  where s.run_id = (start_map.state).run_id and s.step = (def).step;
  perform rota_core.start_elements((state).run_id, (def).step, input, 0, v_now_many);
  return array[]::rota_core.step_end[];
end;
$$;

comment on function rota_core.start_map(rota_core.pipeline_step, rota_core.run_step, jsonb) is
$doc$Queues the runs of a for_each step, up to max_parallel of them. Returns the step when it has
ended at once: the array is empty, too long or none.$doc$;

revoke all on function rota_core.start_map(
  rota_core.pipeline_step, rota_core.run_step, jsonb
) from public;
