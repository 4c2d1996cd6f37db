create or replace function rota_core.advance_schedule(schedule rota_core.schedule, now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_next_at timestamptz;
begin
  begin
    v_next_at := rota.cron_next(schedule.cron, now, schedule.timezone);
  exception
    -- A time zone can vanish from the server. Then it stands until it is defined again.
    when invalid_parameter_value then
      v_next_at := 'infinity';
  end;

  update rota_core.schedule as s
  set next_at = v_next_at
  where s.schedule = advance_schedule.schedule.schedule;
end;
$$;

comment on function rota_core.advance_schedule(rota_core.schedule, timestamptz) is
$doc$Sets next_at to the first slot after now; to infinity where there is none to be found.$doc$;

revoke all on function rota_core.advance_schedule(rota_core.schedule, timestamptz) from public;
