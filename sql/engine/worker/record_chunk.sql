create or replace function rota_core.record_chunk(
  worker_id int, outcome rota_core.outcome, leaving boolean
)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_one rota_core.outcome := outcome;
  v_answer jsonb := (outcome).output;
  v_run rota_core.run;
begin
  if v_one.error is not null then
    perform rota_core.record_failure(worker_id, v_one);
    return 'failed';
  end if;

  -- Progress ends what earlier failures have used up.
  update rota_core.run as r
  set
    checkpoint = coalesce(v_answer -> 'state', r.checkpoint),
    progress = coalesce(v_answer -> 'progress', r.progress),
    rows_done = coalesce(r.rows_done, 0) + coalesce((v_answer ->> 'rows')::numeric, 0)::bigint,
    charged = 0,
    stop_reason = nullif(r.stop_reason, 'timeout')
  where r.run_id = v_one.run_id
    and r.worker_id = record_chunk.worker_id and r.attempt = v_one.attempt
  returning r.* into v_run;
  if not found then
    perform rota_core.raise_lost(worker_id);
  end if;
  v_one.started_at := v_run.started_at;

  if coalesce((v_answer ->> 'done')::boolean, false) then
    v_one.output := v_answer - '{done,state}'::text[];
    perform rota_core.record_outcomes(worker_id, array[v_one], false, '{}');
    return 'done';
  end if;

  if v_run.stop_reason = 'cancel' then
    v_one.error := rota_core.error_json('57014', 'cancelled');
    perform rota_core.record_failure(worker_id, v_one);
    return 'cancelled';
  end if;

  if leaving or rota_core.setting('draining')::boolean
    or v_run.task = any(rota_core.paused_tasks(v_one.finished_at))
  then
    -- The next claim goes on with the same attempt.
    update rota_core.run as r
    set
      state = 'queued', worker_id = null, counted_as = null, attempt = r.attempt - 1,
      limited = rota_core.is_limited(t), lane = t.lane
    from rota_core.task as t
    where r.run_id = v_one.run_id and t.task = r.task;
    return 'left';
  end if;
  return 'next';
end;
$$;

comment on function rota_core.record_chunk(int, rota_core.outcome, boolean) is
$doc$Records a chunk's checkpoint, end or failure in the transaction of its effects. Returns `next`
when the worker goes on with the next chunk, else why not: `done failed cancelled left`.$doc$;

revoke all on function rota_core.record_chunk(int, rota_core.outcome, boolean) from public;
grant execute on function rota_core.record_chunk(int, rota_core.outcome, boolean) to rota_worker;
