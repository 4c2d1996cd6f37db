create or replace function rota_core.step_due(
  run_id bigint, step text, out ended rota_core.step_end[], out more rota_core.step_result[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_state text;
begin
  ended := array[]::rota_core.step_end[];
  more := array[]::rota_core.step_result[];
  select s.state into v_state
  from rota_core.run_step as s
  where s.run_id = step_due.run_id and s.step = step_due.step
    and s.due_at <= rota_core.wall_clock();

  if v_state = 'delayed' then
    ended := rota_core.start_step(run_id, step, 'time');
  elsif v_state = 'blocked' then
    ended := rota_core.end_step(
      run_id, step, 'failed', null, rota_core.step_timeout_error(run_id, step)
    );
  elsif v_state = 'started' then
    -- Asked again until it has ended: a run that was just being claimed is not asked now.
    update rota_core.run_step as s
    set is_expired = true, is_stopped = true, due_at = rota_core.wall_clock() + interval '1 s'
    where s.run_id = step_due.run_id and s.step = step_due.step;
    more := rota_core.cancel_queued(run_id, step);
    perform rota_core.stop_children(run_id, step);
  end if;
end;
$$;

comment on function rota_core.step_due(bigint, text) is
$doc$A step whose time has come: a delay is over, or the step is open for longer than its timeout.
Returns its end, or the ends of what was queued for it.$doc$;

revoke all on function rota_core.step_due(bigint, text) from public;
