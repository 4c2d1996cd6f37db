create or replace function rota_core.save_external_artifact(
  worker_id int, run_id bigint, attempt int, name text, data bytea, media_type text
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform
  from rota_core.run as r
  where r.run_id = save_external_artifact.run_id and r.attempt = save_external_artifact.attempt
    and r.worker_id = save_external_artifact.worker_id;
  if not found then
    perform rota_core.raise_lost(worker_id);
  end if;
  perform rota_core.store_artifact(run_id, name, data, media_type);
end;
$$;

comment on function rota_core.save_external_artifact(int, bigint, int, text, bytea, text) is
$doc$Keeps an artifact of an external run, in the transaction of its outcome. Raises RT003 when the
attempt is not this worker's any more.$doc$;

revoke all on function rota_core.save_external_artifact(int, bigint, int, text, bytea, text)
from public;
grant execute on function rota_core.save_external_artifact(int, bigint, int, text, bytea, text)
to rota_worker;
