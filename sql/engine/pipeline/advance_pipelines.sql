create or replace function rota_core.advance_pipelines(
  results rota_core.step_result[], ended rota_core.step_end[] default '{}',
  touched bigint[] default '{}'
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_results rota_core.step_result[] := results;
  v_ended rota_core.step_end[] := ended;
  v_touched bigint[] := touched;
  v_more record;
begin
  -- Each turn settles what has ended and starts what follows. Ends make further ends: of what is
  -- cancelled with a failure, of steps skipped, of a run that is itself a step.
  loop
    v_touched := v_touched || array(select distinct r.parent_run_id from unnest(v_results) as r);
    if v_touched = '{}' then
      return;
    end if;
    perform rota_core.lock_pipelines(v_touched);

    v_more := null;
    if v_results <> '{}' then
      v_ended := v_ended || rota_core.settle_steps(v_results);
      perform rota_core.settle_compensations(v_results);
      if exists (select from unnest(v_results) as r where r.element is not null) then
        select s.* into v_more from rota_core.settle_elements(v_results) as s;
        v_ended := v_ended || v_more.ended;
        v_results := v_more.more;
      else
        v_results := '{}';
      end if;
    end if;
    while v_ended <> '{}' loop
      v_results := v_results || rota_core.stop_failed(v_ended);
      v_ended := rota_core.promote_steps(v_ended);
    end loop;

    if v_results = '{}' then
      v_results := rota_core.end_pipelines(v_touched);
      v_touched := '{}';
    end if;
  end loop;
end;
$$;

comment on function rota_core.advance_pipelines(
  rota_core.step_result[], rota_core.step_end[], bigint[]
) is
$doc$What follows when runs of steps have ended, in the transaction of their ends: the one way a
pipeline moves on. ended: steps already noted as ended. touched: runs to look at in any case.$doc$;

revoke all on function rota_core.advance_pipelines(
  rota_core.step_result[], rota_core.step_end[], bigint[]
) from public;
