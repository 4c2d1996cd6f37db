create or replace function rota.drop_pipeline(name text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_users text;
  v_live bigint;
begin
  perform pg_advisory_xact_lock(1919906918, 0);
  perform from rota_core.pipeline as p where p.pipeline = drop_pipeline.name;
  if not found then
    raise exception using
      errcode = 'undefined_object',
      message = format('pipeline %s does not exist', quote_nullable(name)),
      hint = 'See what exists: select name from rota.pipelines;';
  end if;
  -- A start that commits after this leaves a run without a task: upkeep cancels it.
  perform from rota_core.task as t where t.task = drop_pipeline.name for update;

  v_users := rota_core.task_users(name);
  if v_users is not null then
    raise exception using
      errcode = 'RT002',
      message = format('pipeline %s is still used', name),
      detail = format('Used by: %s.', v_users),
      hint = 'Drop or change those first.';
  end if;

  select count(*) into v_live from rota_core.run as r where r.task = drop_pipeline.name;
  if v_live > 0 then
    raise exception using
      errcode = 'RT002',
      message = format('pipeline %s has %s live runs', name, v_live),
      hint = format('Wait or cancel them: select rota.cancel(run_id) from rota.runs '
        'where task = %L and finished_at is null;', name);
  end if;
  delete from rota_core.pause as p where p.kind = 'task' and p.name = drop_pipeline.name;
  delete from rota_core.task as t where t.task = drop_pipeline.name;
end;
$$;

comment on function rota.drop_pipeline(text) is
$doc$Drop a pipeline. Its history stays; the tasks of its steps stay too.

Raises 42704 for an unknown pipeline, RT002 while something starts it or runs are live, naming them.
For: rota_admin.$doc$;

revoke all on function rota.drop_pipeline(text) from public;
grant execute on function rota.drop_pipeline(text) to rota_admin;
