create or replace function rota_core.due_priorities(
  lane text, at timestamptz, out priorities int[], out floor_at timestamptz[],
  out floor_id bigint[]
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_priority bigint := 2147483648;
  v_run_at timestamptz;
  v_run_id bigint;
begin
  -- One probe of the index a priority.
  loop
    select r.priority, r.run_at, r.run_id
    into v_priority, v_run_at, v_run_id
    from rota_core.run as r
    where r.lane = due_priorities.lane and r.state = 'queued' and not r.limited
      and r.priority < v_priority
    order by r.priority desc, r.run_at, r.run_id
    limit 1;
    exit when not found;
    priorities := priorities || v_priority::int;
    floor_at := floor_at || least(v_run_at, at);
    floor_id := floor_id || case when v_run_at <= at then v_run_id - 1 else 0 end;
  end loop;
end;
$$;

comment on function rota_core.due_priorities(text, timestamptz) is
$doc$The priorities that stand in a lane's queue, highest first, each with a floor that is below its
first run and not later than the given time; nulls when nothing is queued.$doc$;

revoke all on function rota_core.due_priorities(text, timestamptz) from public;
