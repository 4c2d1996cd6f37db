create or replace function rota_core.pipeline_timeout_error(run_id bigint)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select rota_core.error_json(
      '57014', format('timed out after %s', p.timeout_at - coalesce(r.claimed_at, p.began_at)),
      'Open were: ' || (
        select string_agg(s.step, ', ' order by s.step)
        from rota_core.run_step as s
        where s.run_id = p.run_id and s.state in ('blocked', 'delayed', 'started')
      ) || '.'
    )
    from rota_core.pipeline_run as p
    join rota_core.run as r on r.run_id = p.run_id
    where p.run_id = pipeline_timeout_error.run_id
  );
end;
$$;

comment on function rota_core.pipeline_timeout_error(bigint) is
$doc$The error of a run that was open for longer than its pipeline's timeout.$doc$;

revoke all on function rota_core.pipeline_timeout_error(bigint) from public;
