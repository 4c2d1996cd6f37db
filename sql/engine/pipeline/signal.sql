create or replace function rota.signal(run_id bigint, signal text, payload jsonb default '{}')
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run record;
  v_known text[];
  v_steps rota_core.step_ref[];
begin
  select c.* into v_run from rota_core.check_own_run(signal.run_id) as c;
  perform rota_core.lock_pipelines(array[signal.run_id]);
  -- The steps of a run that has not begun are those of the definition as it is now.
  select array_agg(distinct d.wait_for order by d.wait_for) filter (where d.wait_for is not null)
  into v_known
  from rota_core.pipeline as p
  left join rota_core.pipeline_run as r on r.run_id = signal.run_id
  join rota_core.pipeline_step as d
    on d.pipeline = p.pipeline and d.version = coalesce(r.version, p.version)
  where p.pipeline = v_run.task;
  if signal.signal is null or signal.signal <> all (coalesce(v_known, '{}')) then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('no step of run %s of %s waits for signal %s', signal.run_id, v_run.task,
        quote_nullable(left(signal.signal, 80))),
      hint = coalesce('It waits for: ' || array_to_string(v_known, ', ') || '.',
        'A step waits with wait_for: rota.step(''approval'', wait_for => ''approved'').');
  end if;
  if payload is null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'payload must not be null',
      hint = 'Leave it out, or send an object.';
  end if;
  if exists (select from rota_core.finished_run as f where f.run_id = signal.run_id) then
    raise exception using
      errcode = 'RT001',
      message = format('run %s has ended and takes no signal', signal.run_id),
      hint = format('See how: select * from rota.runs where run_id = %s;', signal.run_id);
  end if;

  insert into rota_core.run_signal as g (run_id, signal, payload, sent_at, sent_by)
  values (signal.run_id, signal.signal, payload, rota_core.wall_clock(), rota_core.caller())
  on conflict on constraint run_signal_pkey do nothing;
  if not found then
    return false;
  end if;
  v_steps := rota_core.signalled_steps(array[signal.run_id]);
  if v_steps <> '{}' then
    perform rota_core.advance_pipelines(
      '{}', rota_core.start_others(v_steps, 'signal'), array[signal.run_id]
    );
  end if;
  return true;
end;
$$;

comment on function rota.signal(bigint, text, jsonb) is
$doc$Send a signal to a run of a pipeline: the steps that wait for it go on, with the payload as
`signal` in their input.

It may come before a step waits for it. A run keeps the first of each name.
- run_id: of the pipeline. signal: the name given as wait_for. payload: JSON, handed to the step.

Returns true, or false when the run had this signal already. Raises 42704 for an unknown run, 42501
for another's, 22023 for a signal that no step waits for, RT001 for a run that has ended.
For: rota_app (own runs), rota_admin.$doc$;

revoke all on function rota.signal(bigint, text, jsonb) from public;
grant execute on function rota.signal(bigint, text, jsonb) to rota_app, rota_admin;
