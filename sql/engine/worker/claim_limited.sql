create or replace function rota_core.claim_limited(
  state rota_core.worker_state, paused text[], max_runs int
)
returns rota_core.claim_item[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_head record;
  v_room int;
  v_items rota_core.claim_item[];
  v_priority int;
  v_run_at timestamptz;
begin
  select h.priority, h.run_at
  into v_priority, v_run_at
  from rota_core.general_head(state, v_now) as h;

  for v_head in
    select h.*
    from rota_core.limited_heads((state).lane, v_now) as h
    where h.kind <> 'external' and h.task <> all(claim_limited.paused)
      and (v_priority is null or h.priority > v_priority
        or (h.priority = v_priority and h.run_at <= v_run_at))
    order by h.priority desc, h.run_at
  loop
    -- The lock is taken in a statement before the one that counts, whose snapshot then holds
    -- whatever the last holder committed; it is released with the claim.
    if v_head.limit_key is not null
      and not pg_try_advisory_xact_lock(1919906915, hashtext(v_head.limit_key))
    then
      continue;
    end if;
    v_room := least(max_runs, rota_core.limit_room(v_head.task));
    if v_room < 1 then
      continue;
    end if;
    if coalesce(((state).costs ->> v_head.task)::float8, 9) > 0.2 then
      v_room := 1;
    else
      v_room := least(v_room, greatest(1, (0.2 / ((state).costs ->> v_head.task)::float8)::int));
    end if;

    v_items := rota_core.claim_of_task((state).worker_id, (state).lane, v_head.task, v_now, v_room);
    if v_items is not null then
      perform rota_core.take_tokens(v_head.task, cardinality(v_items));
      return v_items;
    end if;
  end loop;
  return null;
end;
$$;

comment on function rota_core.claim_limited(rota_core.worker_state, text[], int) is
$doc$Claims runs of the first limited task that has room and is due before the first general
run.$doc$;

revoke all on function rota_core.claim_limited(rota_core.worker_state, text[], int) from public;
