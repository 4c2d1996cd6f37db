create or replace function rota_core.claim(
  inout state rota_core.worker_state, max_runs int, out items rota_core.claim_item[]
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  -- real time: how long the scan itself takes
  v_started timestamptz := clock_timestamp();
  v_full boolean := (state).full_at is null or (state).full_at <= v_now;
  v_floor timestamptz := v_now - interval '1 s';
  v_limited timestamptz;
  v_paused text[];
  v_step record;
begin
  if exists (
    select
    from rota_core.pause as p
    where p.kind = 'lane' and p.name = (state).lane and (p.until is null or p.until > v_now)
  ) then
    return;
  end if;
  v_paused := rota_core.paused_tasks(v_now);
  perform rota_core.plan_for_index();

  if v_full then
    select d.* into v_step from rota_core.due_priorities((state).lane, v_floor) as d;
    if v_step.priorities is null then
      -- An empty queue: what was looked for before is looked for again.
      state.priorities := coalesce((state).priorities, '{0}');
      state.floor_at := array_fill(v_floor, array[cardinality((state).priorities)]);
      state.floor_id := array_fill(0::bigint, array[cardinality((state).priorities)]);
    else
      state.priorities := v_step.priorities;
      state.floor_at := v_step.floor_at;
      state.floor_id := v_step.floor_id;
    end if;
  end if;

  if (state).limited_at is null or (state).limited_at <= v_now then
    v_limited := clock_timestamp();
    if rota_core.has_limited_due((state).lane, v_now) then
      items := rota_core.claim_limited(state, v_paused, max_runs);
    end if;
    -- In vain, this too may take at most a twentieth of the time.
    if items is null then
      state.limited_at := v_now + 20 * (clock_timestamp() - v_limited);
    end if;
  end if;

  if items is null then
    select c.*
    into v_step
    from rota_core.claim_by_priority(
      state, v_now, v_floor, v_paused || rota_core.limited_tasks(), max_runs
    ) as c;
    state := v_step.state;
    items := v_step.items;
  end if;

  if items is not null then
    -- Against lose_worker, which updates this row first: either it sees what was claimed here, or
    -- this claim sees that the worker is lost.
    perform from rota_core.worker as w
    where w.worker_id = (state).worker_id and w.ended_at is null
    for share;
    if not found then
      perform rota_core.raise_lost((state).worker_id);
    end if;
  end if;

  -- A full scan walks every dead index entry, so it may take at most a twentieth of the time; an
  -- idle worker scans in full as often as that allows, and so finds a new priority at once.
  if v_full then
    state.full_cost := clock_timestamp() - v_started;
    state.full_at := v_now + greatest(interval '1 s', 20 * (state).full_cost);
  end if;
  if items is null then
    state.full_at := least((state).full_at, v_now + 200 * (state).full_cost);
  end if;
end;
$$;

comment on function rota_core.claim(rota_core.worker_state, int) is
$doc$Claims due runs of a lane for a worker: the best limited task that has room, else the general
runs from the floor of each priority on, with a scan from the beginning about every second.$doc$;

revoke all on function rota_core.claim(rota_core.worker_state, int) from public;
grant execute on function rota_core.claim(rota_core.worker_state, int) to rota_worker;
