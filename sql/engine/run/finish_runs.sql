create or replace function rota_core.finish_runs(
  run_ids bigint[], live_state text, state text, error jsonb default null
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_moved record;
begin
  select m.* into v_moved from rota_core.move_runs(run_ids, live_state, state, error) as m;
  if v_moved.results <> '{}' then
    perform rota_core.advance_pipelines(v_moved.results);
  end if;
  return v_moved.moved;
end;
$$;

comment on function rota_core.finish_runs(bigint[], text, text, jsonb) is
$doc$Moves runs that are still in live_state to history as cancelled or failed, and lets the
pipelines they are steps of go on. Returns how many.$doc$;

revoke all on function rota_core.finish_runs(bigint[], text, text, jsonb) from public;
