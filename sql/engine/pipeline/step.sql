create or replace function rota.step(
  name text, task text default null, after text[] default '{}', for_each text default null,
  when_path text default null, on_failure text default 'fail', compensate text default null,
  wait_for text default null, timeout interval default null, start_delay interval default null,
  max_parallel int default null
)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'name', step.name,
    'task', step.task,
    'after', nullif(to_jsonb(step.after), '[]'),
    'for_each', step.for_each,
    'when_path', step.when_path,
    'on_failure', nullif(step.on_failure, 'fail'),
    'compensate', step.compensate,
    'wait_for', step.wait_for,
    'timeout', step.timeout,
    'start_delay', step.start_delay,
    'max_parallel', step.max_parallel
  ));
$$;

comment on function rota.step(
  text, text, text[], text, text, text, text, text, interval, interval, int
) is
$doc$One step of a pipeline, to be handed to rota.define_pipeline.

- name: unique in its pipeline; letters, digits, _ and -.
- task: what it runs; a pipeline is a task too. Without one the step only waits: for its signal, its
  time and the steps before it.
- after: the steps that come before it. Its input is
  `{"run": <input of the pipeline>, "<step>": <output of that step>, ...}`.
- for_each: where in its input an array stands, such as `fetch.items` or `run.ids`: the task runs
  once for each element, at most 10,000, with `element` and `index` in place of the array; the
  step's output is the array of outputs, in order.
- when_path: a jsonpath over its input, such as `$.fetch.count > 0`. Where it gives nothing, false
  or null the step is skipped.
- on_failure: what its failure means. `fail` (default): the run fails, what has not started is
  cancelled, what is running finishes. `skip`: the steps after it are skipped, the run goes on.
  `continue`: the steps after it run, with null for its output. `compensate`: as fail, and what
  was done is compensated. A step that is skipped lets those after it go on only with `continue`.
- compensate: the task that undoes this step when the run is compensated: after a cancel, a timeout
  of the run, or the failure of a step with on_failure `compensate`. Every step that has begun, one
  after another, the last first; input
  `{"run": ..., "step": ..., "state": ..., "output": ..., "error": ...}`.
- wait_for: a signal it waits for after the steps before it (rota.signal); its payload stands in the
  input as `signal`.
- timeout: from when it may start until it has ended, waiting and retries included.
- start_delay: how long it waits after that.
- max_parallel: how many elements of for_each run at once (default: all).

Returns the step as a JSON object. For: rota_admin.$doc$;

revoke all on function rota.step(
  text, text, text[], text, text, text, text, text, interval, interval, int
) from public;
grant execute on function rota.step(
  text, text, text[], text, text, text, text, text, interval, interval, int
) to rota_admin;
