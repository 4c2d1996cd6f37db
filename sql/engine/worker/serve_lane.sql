create or replace procedure rota_core.serve_lane(inout state rota_core.worker_state, lane text)
language plpgsql
as $$
declare
  v_lane rota_core.worker_state := state;
  v_until timestamptz := rota_core.wall_clock()
    + interval '1 s' / greatest(1, cardinality(rota_core.lanes()));
begin
  v_lane.lane := lane;
  v_lane.full_at := null;
  v_lane.events_at := null;
  v_lane.events_low := null;
  while rota_core.wall_clock() < least(v_until, (v_lane).until) loop
    call rota_core.work_slice(v_lane, v_until, interval '100 ms');
  end loop;
  state.costs := (v_lane).costs;
  state.until := (v_lane).until;
  state.seen_at := (v_lane).seen_at;
end;
$$;

comment on procedure rota_core.serve_lane(rota_core.worker_state, text) is
$doc$Works for one lane for its share of a second.$doc$;

revoke all on procedure rota_core.serve_lane(rota_core.worker_state, text) from public;
grant execute on procedure rota_core.serve_lane(rota_core.worker_state, text) to rota_worker;
