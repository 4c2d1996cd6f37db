create or replace function rota_core.schedule_resumed(name text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz;
  v_schedule rota_core.schedule;
begin
  select s.*
  into v_schedule
  from rota_core.schedule as s
  where s.schedule = name and s.task is not null
  for update;

  if found then
    -- Read under the lock: the clock may have been put back before it was granted.
    v_now := rota_core.wall_clock();
    perform rota_core.pass_over(
      v_schedule, v_schedule.next_at, v_now + interval '1 microsecond', 'skipped', 'paused', v_now,
      'resume'
    );
    perform rota_core.advance_schedule(v_schedule, v_now);
  end if;
end;
$$;

comment on function rota_core.schedule_resumed(text) is
$doc$Records the slots that passed in a pause and were not seen as skipped, and counts on
from now.$doc$;

revoke all on function rota_core.schedule_resumed(text) from public;
