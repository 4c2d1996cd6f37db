create or replace function rota_core.lock_pipelines(run_ids bigint[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_all bigint[] := run_ids;
  v_parents bigint[] := run_ids;
begin
  loop
    v_parents := array(
      select distinct p.parent_run_id
      from rota_core.pipeline_run as p
      where p.run_id = any (v_parents) and p.parent_run_id is not null
    );
    exit when v_parents = '{}';
    v_all := v_all || v_parents;
  end loop;

  -- Lock order: runs of steps, then pipelines from the newest to the oldest, which is from the inner
  -- ones to those that started them, then the pipelines' own rows in rota_core.run. Whoever holds a
  -- pipeline and wants runs of its steps skips those that are locked.
  perform
  from rota_core.pipeline_run as p
  where p.run_id = any (v_all)
  order by p.run_id desc
  for update;
end;
$$;

comment on function rota_core.lock_pipelines(bigint[]) is
$doc$Locks runs of pipelines and those they are steps of: the lock that orders all that happens to
their steps.$doc$;

revoke all on function rota_core.lock_pipelines(bigint[]) from public;
