create or replace function rota_core.claim_by_priority(
  inout state rota_core.worker_state, at timestamptz, idle_floor timestamptz, paused text[],
  max_runs int, out items rota_core.claim_item[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_step record;
begin
  for i in 1..cardinality((state).priorities) loop
    select c.*
    into v_step
    from rota_core.claim_general(
      (state).worker_id, (state).lane, (state).priorities[i], (state).floor_at[i],
      (state).floor_id[i], claim_by_priority.at, paused, max_runs, (state).costs
    ) as c;
    if v_step.items is not null then
      items := v_step.items;
      state.floor_at[i] := v_step.floor_at;
      state.floor_id[i] := v_step.floor_id;
      exit;
    elsif (state).floor_at[i] < claim_by_priority.at - interval '2 s' then
      -- Not over the same dead index entries at every poll. What was committed later than this
      -- allows for is found by the next full scan.
      state.floor_at[i] := idle_floor;
      state.floor_id[i] := 0;
    end if;
  end loop;
end;
$$;

comment on function rota_core.claim_by_priority(
  rota_core.worker_state, timestamptz, timestamptz, text[], int
) is
$doc$Claims general runs of the highest priority that has due ones, from its floor on.$doc$;

revoke all on function rota_core.claim_by_priority(
  rota_core.worker_state, timestamptz, timestamptz, text[], int
) from public;
