create or replace function rota.get_run(run_id bigint)
returns jsonb
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rota_core.check_own_run(get_run.run_id);

  return (
    select to_jsonb(r) || jsonb_build_object(
      'attempts', coalesce((
        select jsonb_agg(to_jsonb(a) - '{run_id,task}'::text[] order by a.attempt, a.finished_at)
        from rota.attempts as a
        where a.run_id = get_run.run_id
      ), '[]'),
      'log', coalesce((
        select jsonb_agg(to_jsonb(l) - '{run_id,task}'::text[] order by l.log_id)
        from rota.logs as l
        where l.run_id = get_run.run_id
      ), '[]')
    ) || coalesce((
      select jsonb_build_object('steps', s.steps)
      from rota_core.steps_of(get_run.run_id) as s (steps)
      where s.steps is not null
    ), '{}')
    from rota.runs as r
    where r.run_id = get_run.run_id
    limit 1
  );
end;
$$;

comment on function rota.get_run(bigint) is
$doc$One run as a JSON object: the columns of rota.runs, `attempts` in order, `log` in order, and of
a pipeline `steps`: the columns of rota.pipeline_steps, with attempt, progress, retry_at and
failed_attempts, and without output when the outputs are larger than 50 MB together.

Raises 42704 for an unknown run, 42501 for a run that another role started.
For: rota_app (own runs), rota_admin.$doc$;

revoke all on function rota.get_run(bigint) from public;
grant execute on function rota.get_run(bigint) to rota_app, rota_admin;
