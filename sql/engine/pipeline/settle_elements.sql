create or replace function rota_core.settle_elements(
  results rota_core.step_result[], out ended rota_core.step_end[], out more rota_core.step_result[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_map record;
  v_settled record;
begin
  ended := array[]::rota_core.step_end[];
  more := array[]::rota_core.step_result[];
  insert into rota_core.element_output as o (run_id, step, element, output)
  select r.parent_run_id, r.step, r.element, r.output
  from unnest(results) as r
  where r.element is not null and r.state = 'succeeded'
  on conflict (run_id, step, element) do update set output = excluded.output;

  for v_map in
    select
      r.parent_run_id, r.step, count(*)::int as ended,
      (count(*) filter (where r.state <> 'succeeded'))::int as failed,
      (array_agg(coalesce(r.error, rota_core.error_json('57014', 'cancelled'))
          || jsonb_build_object('run_id', r.run_id, 'element', r.element) order by r.element)
        filter (where r.state <> 'succeeded'))[1] as error,
      min(r.started_at) as started_at
    from unnest(results) as r
    where r.element is not null
    group by r.parent_run_id, r.step
    order by r.parent_run_id desc, r.step
  loop
    select m.*
    into v_settled
    from rota_core.settle_map(
      v_map.parent_run_id, v_map.step, v_map.ended, v_map.failed, v_map.error, v_map.started_at
    ) as m;
    ended := ended || v_settled.ended;
    more := more || v_settled.more;
  end loop;
end;
$$;

comment on function rota_core.settle_elements(rota_core.step_result[]) is
$doc$Notes how runs of for_each steps ended. Returns the steps that have ended with them, and what
was cancelled because of them. The caller holds the locks of their runs.$doc$;

revoke all on function rota_core.settle_elements(rota_core.step_result[]) from public;
