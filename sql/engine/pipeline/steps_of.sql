create or replace function rota_core.steps_of(run_id bigint)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_agg(
    to_jsonb(s) - case
      when (
        select sum(o.bytes) from rota_core.step_output as o where o.run_id = steps_of.run_id
      ) > 52428800 then '{run_id,pipeline,version,output}'
      else '{run_id,pipeline,version}' end::text[]
    || jsonb_build_object(
      'attempt', coalesce(l.attempt, f.attempt),
      'progress', coalesce(l.progress, f.progress),
      'retry_at', case when l.state = 'queued' and l.attempt > 0 then l.run_at end,
      'failed_attempts', (
        select jsonb_agg(
          jsonb_build_object('outcome', a.outcome, 'started_at', a.started_at,
            'finished_at', a.finished_at)
          order by a.attempt, a.finished_at
        )
        from rota_core.attempt as a
        where a.run_id = s.step_run_id and s.elements is null
      )
    )
    order by s.ordinal
  )
  from rota.pipeline_steps as s
  left join rota_core.run as l on l.run_id = s.step_run_id
  left join rota_core.finished_run as f on l.run_id is null and f.run_id = s.step_run_id
  where s.run_id = steps_of.run_id;
$$;

comment on function rota_core.steps_of(bigint) is
$doc$The steps of a run as JSON objects: the columns of rota.pipeline_steps, and of each step's run
the attempt, the progress, when it is tried again, and the attempts that failed; without the outputs
when these are larger than 50 MB together. Null when the run has none.$doc$;

revoke all on function rota_core.steps_of(bigint) from public;
