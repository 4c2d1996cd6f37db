create or replace view rota.pipeline_steps as
select
  s.run_id,
  p.pipeline,
  p.version,
  d.ordinal,
  s.step,
  d.task,
  d.after,
  case s.state
    when 'blocked' then 'waiting'
    when 'delayed' then 'waiting'
    -- Elements that have ended have begun the step, though none may run just now.
    when 'started' then
      case when c.is_running or s.started_at is not null then 'running' else 'queued' end
    else s.state
  end as state,
  case s.state when 'blocked' then d.wait_for end as waits_for,
  coalesce(s.step_run_id, c.run_id) as step_run_id,
  s.elements,
  case
    when s.elements is null then null
    when s.state = 'started' then s.next_element - s.open_runs - s.failed_elements
    when s.state = 'succeeded' then s.elements
    else s.next_element - s.failed_elements
  end as elements_done,
  s.failed_elements as elements_failed,
  s.ready_at,
  least(s.started_at, c.started_at) as started_at,
  s.finished_at,
  coalesce(s.finished_at, rota_core.wall_clock()) - least(s.started_at, c.started_at) as duration,
  case when t.redact <> '{}' then rota_core.redact(o.output, 'output', t.redact) else o.output
    end as output,
  case when t.redact <> '{}' then rota_core.redact(s.error, 'error', t.redact) else s.error
    end as error,
  d.on_failure,
  d.compensate,
  s.compensation,
  d.when_path,
  s.is_by_hand as skipped_by_hand
from rota_core.pipeline_run as p
join rota_core.run_step as s on s.run_id = p.run_id
join rota_core.pipeline_step as d
  on d.pipeline = p.pipeline and d.version = p.version and d.step = s.step
left join rota_core.task as t on t.task = d.task
left join rota_core.step_output as o on o.run_id = s.run_id and o.step = s.step
left join lateral (
  select
    max(r.run_id) as run_id,
    bool_or(r.state = 'running') as is_running,
    min(r.started_at) as started_at
  from rota_core.run as r
  where r.parent_run_id = s.run_id and r.step = s.step
) as c on s.state = 'started';

comment on view rota.pipeline_steps is
$doc$The steps of each run of a pipeline whose steps have begun. state: `waiting queued running
succeeded failed skipped cancelled`; waits_for: the signal that a waiting step needs; step_run_id:
its run in rota.runs (the newest, of a for_each step); skipped_by_hand: by rota.skip_step.
For: rota_reader, rota_admin.$doc$;

revoke all on rota.pipeline_steps from public;
grant select on rota.pipeline_steps to rota_reader, rota_admin;
