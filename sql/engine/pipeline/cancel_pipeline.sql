create or replace function rota_core.cancel_pipeline(run_id bigint)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rota_core.advance_pipelines(
    rota_core.stop_pipeline(run_id, 'cancel', rota_core.error_json('57014', 'cancelled')),
    '{}', array[run_id]
  );
  return coalesce(
    (select 'cancelling' from rota_core.run as r where r.run_id = cancel_pipeline.run_id),
    (select f.state from rota_core.finished_run as f where f.run_id = cancel_pipeline.run_id)
  );
end;
$$;

comment on function rota_core.cancel_pipeline(bigint) is
$doc$Cancels a run whose steps have begun. The caller holds its lock. Returns `cancelling`, or how
it ended.$doc$;

revoke all on function rota_core.cancel_pipeline(bigint) from public;
