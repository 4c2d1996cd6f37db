create or replace function rota_core.hold_pipelines(
  run_ids bigint[], parents bigint[] default '{}'
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_parents bigint[];
begin
  -- All rows before any pipeline: several runs settled one after another would else take locks
  -- in the order they happen to come in.
  select array_agg(distinct h.parent_run_id)
  into v_parents
  from (
    select r.parent_run_id, r.step
    from rota_core.run as r
    where r.run_id = any (run_ids)
    order by r.run_id
    for update
  ) as h
  where h.step is not null;
  v_parents := v_parents || parents;
  if v_parents <> '{}' then
    perform rota_core.lock_pipelines(v_parents);
  end if;
end;
$$;

comment on function rota_core.hold_pipelines(bigint[], bigint[]) is
$doc$Locks runs, then the pipelines they are steps of and further ones, for a caller that will
settle the runs one by one.$doc$;

revoke all on function rota_core.hold_pipelines(bigint[], bigint[]) from public;
