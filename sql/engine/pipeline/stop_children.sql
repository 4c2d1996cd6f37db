create or replace function rota_core.stop_children(run_id bigint, step text default null)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- One whose end is being recorded is skipped. The supervisor asks again, each second.
  with child as (
    select r.run_id
    from rota_core.run as r
    where r.parent_run_id = stop_children.run_id and r.state = 'running' and r.step is not null
      and (stop_children.step is null or r.step = stop_children.step)
      and r.stop_reason is distinct from 'cancel' and not starts_with(r.origin, 'compensation:')
    order by r.run_id
    for update skip locked
  )
  update rota_core.run as r
  set stop_reason = 'cancel', stop_requested_at = rota_core.wall_clock()
  from child as c
  where r.run_id = c.run_id;
end;
$$;

comment on function rota_core.stop_children(bigint, text) is
$doc$Asks for the running runs of the steps of a run, or of one step, to be interrupted.$doc$;

revoke all on function rota_core.stop_children(bigint, text) from public;
