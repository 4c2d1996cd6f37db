create or replace function rota_core.due_priorities(lane text)
returns int[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_priorities int[] := array[]::int[];
  v_priority int;
  v_below bigint := 2147483648;
begin
  -- One probe of the index a priority.
  loop
    select r.priority
    into v_priority
    from rota_core.run as r
    where r.lane = due_priorities.lane and r.state = 'queued' and not r.limited
      and r.priority < v_below
    order by r.priority desc
    limit 1;
    exit when not found;
    v_priorities := v_priorities || v_priority;
    v_below := v_priority;
  end loop;
  return v_priorities;
end;
$$;

comment on function rota_core.due_priorities(text) is
$doc$The priorities that stand in a lane's queue, highest first.$doc$;

revoke all on function rota_core.due_priorities(text) from public;
