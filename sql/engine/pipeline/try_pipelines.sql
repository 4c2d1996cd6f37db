create or replace function rota_core.try_pipelines(run_ids bigint[])
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run_id bigint;
  v_above bigint;
  v_got bigint[] := array[]::bigint[];
begin
  <<each>>
  for v_run_id in
    select p.run_id
    from rota_core.pipeline_run as p
    where p.run_id = any (run_ids)
    order by p.run_id desc
    for update skip locked
  loop
    v_above := v_run_id;
    loop
      select p.parent_run_id into v_above from rota_core.pipeline_run as p where p.run_id = v_above;
      exit when v_above is null;
      perform from rota_core.pipeline_run as p where p.run_id = v_above for update skip locked;
      continue each when not found;
    end loop;
    v_got := v_got || v_run_id;
  end loop;
  return v_got;
end;
$$;

comment on function rota_core.try_pipelines(bigint[]) is
$doc$Locks those runs of pipelines, with the ones above them, that nobody else has locked; returns
them. The supervisor waits for no one.$doc$;

revoke all on function rota_core.try_pipelines(bigint[]) from public;
