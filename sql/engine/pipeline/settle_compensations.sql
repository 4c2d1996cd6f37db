create or replace function rota_core.settle_compensations(results rota_core.step_result[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result rota_core.step_result;
begin
  for v_result in
    select r.* from unnest(results) as r where r.is_compensation
  loop
    update rota_core.run_step as s
    set compensation = (v_result).state
    where s.run_id = (v_result).parent_run_id and s.step = (v_result).step
      and s.compensation = 'started';
    if (v_result).state <> 'succeeded' then
      update rota_core.pipeline_run as p
      set error = coalesce(p.error, rota_core.error_json('57014', 'cancelled'))
        || jsonb_build_object('compensation', coalesce((v_result).error, '{}')
          || jsonb_build_object('step', (v_result).step, 'run_id', (v_result).run_id))
      where p.run_id = (v_result).parent_run_id;
    end if;
  end loop;
end;
$$;

comment on function rota_core.settle_compensations(rota_core.step_result[]) is
$doc$Notes how compensations ended. One that failed leaves its error with the run, and the others
go on.$doc$;

revoke all on function rota_core.settle_compensations(rota_core.step_result[]) from public;
