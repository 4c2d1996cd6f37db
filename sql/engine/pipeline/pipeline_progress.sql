create or replace function rota_core.pipeline_progress(run_id bigint)
returns jsonb
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'done', count(*) filter (where s.state in ('succeeded', 'skipped')),
    'total', count(*)
  )
  from rota_core.run_step as s
  where s.run_id = pipeline_progress.run_id;
$$;

comment on function rota_core.pipeline_progress(bigint) is
$doc$How many steps of a run are done, as {"done": n, "total": m}.$doc$;

revoke all on function rota_core.pipeline_progress(bigint) from public;
grant execute on function rota_core.pipeline_progress(bigint) to rota_reader, rota_admin;
