create or replace function rota_core.stop_failed(ended rota_core.step_end[])
returns rota_core.step_result[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_failed record;
  v_more rota_core.step_result[] := array[]::rota_core.step_result[];
begin
  for v_failed in
    select distinct on (p.run_id) p.run_id, d.on_failure = 'compensate' as compensates,
      coalesce(s.error, rota_core.error_json('57014', 'cancelled'))
        || jsonb_build_object('step', s.step) as error
    from unnest(ended) as e
    join rota_core.pipeline_run as p on p.run_id = e.run_id
    join rota_core.run_step as s on s.run_id = e.run_id and s.step = e.step
    join rota_core.pipeline_step as d
      on (d.pipeline, d.version, d.step) = (p.pipeline, p.version, e.step)
    where e.fails and p.finished_at is null
    order by p.run_id, compensates desc
  loop
    if v_failed.compensates then
      update rota_core.pipeline_run as p set compensates = true where p.run_id = v_failed.run_id;
    end if;
    v_more := v_more || rota_core.stop_pipeline(v_failed.run_id, 'failed', v_failed.error);
  end loop;
  return v_more;
end;
$$;

comment on function rota_core.stop_failed(rota_core.step_end[]) is
$doc$Lets runs fail with their steps. Returns the ends of what was queued.$doc$;

revoke all on function rota_core.stop_failed(rota_core.step_end[]) from public;
