create or replace function rota_core.reset_steps(run_id bigint, from_step text)
returns rota_core.step_end[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_redo text[] := coalesce(rota_core.steps_to_redo(run_id, from_step), '{}');
  v_step record;
  v_ready rota_core.step_ref[] := array[]::rota_core.step_ref[];
  v_ended rota_core.step_end[] := array[]::rota_core.step_end[];
begin
  for v_step in
    select
      s.step, s.state, s.compensation is not null as compensated,
      (select count(*) from unnest(d.after) as a (name) where a.name = any (v_redo)) as remaining,
      exists (
        select
        from unnest(d.after) as a (name)
        join rota_core.run_step as o on o.run_id = s.run_id and o.step = a.name
        join rota_core.pipeline_step as od
          on (od.pipeline, od.version, od.step) = (d.pipeline, d.version, o.step)
        where o.step <> all (v_redo) and o.state <> 'succeeded' and not o.is_by_hand
          and od.on_failure <> 'continue'
      ) as is_skipped
    from rota_core.pipeline_run as p
    join rota_core.run_step as s on s.run_id = p.run_id
    join rota_core.pipeline_step as d
      on (d.pipeline, d.version, d.step) = (p.pipeline, p.version, s.step)
    where p.run_id = reset_steps.run_id and s.step = any (v_redo)
    order by d.ordinal
  loop
    -- What it was given has not changed: it goes on where it was, a chunked task at its checkpoint.
    continue when v_step.remaining = 0 and not v_step.compensated
      and v_step.step is distinct from from_step
      and rota_core.resume_step(run_id, v_step.step);

    delete from rota_core.step_output as o
    where o.run_id = reset_steps.run_id and o.step = v_step.step;
    delete from rota_core.element_output as o
    where o.run_id = reset_steps.run_id and o.step = v_step.step;
    update rota_core.run_step as s
    set
      (state, remaining, is_skipped, is_by_hand, round, open_runs, elements, next_element,
        failed_elements, is_stopped, is_expired, due_at, step_run_id, ready_at, started_at,
        finished_at, compensation, error) =
      ('waiting', v_step.remaining, v_step.is_skipped, false,
        s.round + (s.started_at is not null)::int, 0, null, null,
        0, false, false, null, null, null, null,
        null, null, null)
    where s.run_id = reset_steps.run_id and s.step = v_step.step;
    if v_step.remaining = 0 and v_step.is_skipped then
      v_ended := v_ended || rota_core.end_step(run_id, v_step.step, 'skipped', null, null);
    elsif v_step.remaining = 0 then
      v_ready := v_ready || row(run_id, v_step.step)::rota_core.step_ref;
    end if;
  end loop;
  return v_ended || rota_core.start_others(v_ready);
end;
$$;

comment on function rota_core.reset_steps(bigint, text) is
$doc$Puts the steps that a retry does again back to where they were before they began, and starts
those that nothing precedes any more. Returns the steps that have ended at once.$doc$;

revoke all on function rota_core.reset_steps(bigint, text) from public;
