create or replace function rota_core.has_limited_due(lane text, at timestamptz)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select
    from rota_core.run as r
    where r.lane = has_limited_due.lane and r.state = 'queued' and r.limited
      and r.run_at <= has_limited_due.at
  );
end;
$$;

comment on function rota_core.has_limited_due(text, timestamptz) is
$doc$Whether a lane has due runs of tasks with a limit.$doc$;

revoke all on function rota_core.has_limited_due(text, timestamptz) from public;
