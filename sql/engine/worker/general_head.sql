create or replace function rota_core.general_head(
  worker rota_core.worker_state, at timestamptz, out priority int, out run_at timestamptz
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  for i in 1..cardinality((worker).priorities) loop
    select r.priority, r.run_at
    into general_head.priority, general_head.run_at
    from rota_core.run as r
    where r.lane = (worker).lane and r.state = 'queued' and not r.limited
      and r.priority = (worker).priorities[i]
      and (r.run_at, r.run_id) > ((worker).floor_at[i], (worker).floor_id[i])
      and r.run_at <= general_head.at
    order by r.run_at, r.run_id
    limit 1;
    exit when found;
  end loop;
end;
$$;

comment on function rota_core.general_head(rota_core.worker_state, timestamptz) is
$doc$Priority and time of the general run that would be claimed next; nulls when none is due.$doc$;

revoke all on function rota_core.general_head(rota_core.worker_state, timestamptz) from public;
