create or replace function rota_core.place_runs(task text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limited boolean;
  v_lane text;
begin
  select rota_core.is_limited(t), t.lane
  into v_limited, v_lane
  from rota_core.task as t
  where t.task = place_runs.task;

  -- Only a hint, which index a claim finds the run by; the claim itself reads the task and the
  -- pauses. Rows are locked in one order, so that two of these cannot wait for each other.
  with placed as (
    select r.run_id
    from rota_core.run as r
    where r.task = place_runs.task and r.state = 'queued'
      and (r.limited <> v_limited or r.lane <> v_lane)
    order by r.run_id
    for update
  )
  update rota_core.run as r
  set limited = v_limited, lane = v_lane
  from placed as p
  where p.run_id = r.run_id and r.state = 'queued';
end;
$$;

comment on function rota_core.place_runs(text) is
$doc$Moves a task's queued runs to the index and lane that its definition and pauses now ask
for.$doc$;

revoke all on function rota_core.place_runs(text) from public;
