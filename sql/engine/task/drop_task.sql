create or replace function rota.drop_task(name text, queued_runs text default 'refuse')
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from rota_core.pipeline as p where p.pipeline = name) then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('task %s is a pipeline', name),
      hint = format('select rota.drop_pipeline(%L);', name);
  end if;
  perform rota_core.remove_task('task', name, queued_runs);
end;
$$;

comment on function rota.drop_task(text, text) is
$doc$Drop a task. Its history stays, without the values at redacted paths.

- queued_runs: `refuse` (default) while runs are queued, or `cancel` them.

Raises 42704 for an unknown task, 22023 for a pipeline, RT002 while something uses it or runs are
live, naming them.
For: rota_admin.$doc$;

revoke all on function rota.drop_task(text, text) from public;
grant execute on function rota.drop_task(text, text) to rota_admin;
