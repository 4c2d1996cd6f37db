create or replace function rota_core.expire_external()
returns int
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_runs bigint[];
  v_pipelines bigint[];
  v_run rota_core.run;
  v_expired int := 0;
begin
  perform rota_core.plan_for_index();
  v_runs := array(
    select r.run_id
    from rota_core.run as r
    join rota_core.task as t on t.task = r.task
    where r.counted_as is not null and t.kind = 'external'
      and (r.stop_reason is not null or r.claimed_at + t.timeout < v_now)
    order by r.run_id
    for update of r skip locked
  );
  if v_runs = '{}' then
    return 0;
  end if;
  v_pipelines := rota_core.try_pipelines(array(
    select r.parent_run_id from rota_core.run as r
    where r.run_id = any (v_runs) and r.step is not null
  ));
  for v_run in
    select r.*
    from rota_core.run as r
    where r.run_id = any (v_runs) and (r.step is null or r.parent_run_id = any (v_pipelines))
    order by r.run_id
  loop
    v_expired := v_expired + 1;
    perform rota_core.settle_failure(
      v_run,
      case v_run.stop_reason when 'cancel' then 'cancelled' else 'timeout' end,
      v_run.stop_reason is distinct from 'cancel',
      rota_core.error_json('57014', case v_run.stop_reason when 'cancel' then 'cancelled'
        else 'timed out outside the database' end),
      v_now
    );
  end loop;
  return v_expired;
end;
$$;

comment on function rota_core.expire_external() is
$doc$Ends external runs that were cancelled or are past their timeout. Their worker cannot be
interrupted: what it reports later is refused. Returns how many.$doc$;

revoke all on function rota_core.expire_external() from public;
grant execute on function rota_core.expire_external() to rota_worker;
