create or replace function rota.drop_pipeline(name text, queued_runs text default 'refuse')
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rota_core.remove_task('pipeline', name, queued_runs);
end;
$$;

comment on function rota.drop_pipeline(text, text) is
$doc$Drop a pipeline. Its history stays, without the values at redacted paths; the tasks of its
steps stay too.

- queued_runs: `refuse` (default) while runs are queued, or `cancel` them.

Raises 42704 for an unknown pipeline, RT002 while something starts it or runs are live, naming them.
For: rota_admin.$doc$;

revoke all on function rota.drop_pipeline(text, text) from public;
grant execute on function rota.drop_pipeline(text, text) to rota_admin;
