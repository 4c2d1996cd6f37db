create or replace function night_batch.step(input jsonb, state jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_recompute boolean := coalesce((step.input ->> 'recompute')::boolean, false);
  v_state jsonb := case
    when step.state ? 'step' then step.state else night_batch.begin_run(step.input)
  end;
  v_step text := v_state ->> 'step';
begin
  v_state := case v_step
    when 'statistics' then night_batch.compute_statistics(v_state, v_recompute)
    when 'sessions' then night_batch.delete_sessions(
      v_state,
      coalesce(step.input ->> 'sessions_table', 'auth.sessions')::regclass,
      coalesce(step.input ->> 'sessions_time_column', 'expires_at')
    )
    when 'archiving' then night_batch.begin_archiving(v_state)
    when 'pages' then night_batch.archive_pages(v_state)
    when 'sweep' then night_batch.sweep_notifications(v_state)
    when 'health' then night_batch.report_health(v_state, v_recompute)
  end;
  perform night_batch.log_step(v_step, v_state);

  if v_state ->> 'step' = 'done' then
    return (v_state -> 'output') || jsonb_build_object('done', true, 'day', v_state -> 'day');
  end if;
  return jsonb_build_object(
    'state', v_state - '{progress,rows}'::text[],
    'progress', v_state -> 'progress',
    'rows', v_state -> 'rows'
  );
end;
$$;

comment on function night_batch.step(jsonb, jsonb) is
$doc$The handler of the task `night-batch`: one chunk of the step that the state names.

Input, all optional: `day`, `recompute` (the first figures of a day stand without it), `keep` (how
long notifications stay, 30 days), `sessions_table` and `sessions_time_column` (`auth.sessions`,
`expires_at`), `now` (for tests).

The last answer, and so the output of the run: `day`, `statistics`, `sessions` (deleted),
`notifications` (archived, left) and `health`.$doc$;

revoke all on function night_batch.step(jsonb, jsonb) from public;
grant execute on function night_batch.step(jsonb, jsonb) to night_batch;
