create or replace function rota_core.requeue_finished(run_id bigint)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run rota_core.finished_run;
begin
  if exists (
    select from rota_core.pipeline_run as p
    where p.run_id = requeue_finished.run_id and p.finished_at is not null
  ) then
    return rota_core.resume_pipeline(run_id, null);
  end if;

  delete from rota_core.finished_run as f
  where f.run_id = requeue_finished.run_id and f.state in ('failed', 'cancelled')
    and not f.redacted
  returning f.* into v_run;
  if not found then
    return rota_core.state_of(run_id);
  end if;

  insert into rota_core.run (
    run_id, task, lane, priority, run_at, input, attempt, limited, created_at, created_by, key,
    tags, origin, parent_run_id, checkpoint, progress, rows_done, error, step, element
  )
  overriding system value
  select
    v_run.run_id, t.task, t.lane, v_run.priority, rota_core.wall_clock(), v_run.input,
    v_run.attempt, rota_core.is_limited(t), v_run.created_at, v_run.created_by,
    v_run.key, v_run.tags, v_run.origin, v_run.parent_run_id,
    v_run.checkpoint, v_run.progress, v_run.rows_done, v_run.error, v_run.step, v_run.element
  from rota_core.task as t
  where t.task = v_run.task;
  if not found then
    raise exception using
      errcode = 'undefined_object',
      message = format('task %s of run %s does not exist any more', v_run.task, run_id),
      hint = 'Define the task again, then retry.';
  end if;
  return 'queued';
end;
$$;

comment on function rota_core.requeue_finished(bigint) is
$doc$Moves a failed or cancelled run from history back to the queue, with its checkpoint and a
fresh count of attempts; returns its state.$doc$;

revoke all on function rota_core.requeue_finished(bigint) from public;
