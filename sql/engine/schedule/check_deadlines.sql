create or replace function rota_core.check_deadlines()
returns int
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rota_core.wall_clock();
  v_deadline rota_core.deadline;
  v_count int := 0;
begin
  -- While a record is open its deadline stays due, and is looked at again after a success only.
  for v_deadline in
    select d.*
    from rota_core.deadline as d
    left join rota_core.missed_deadline as m on m.schedule = d.schedule and m.closed_at is null
    where d.due_at <= v_now
      and (m.slot is null or exists (
        select from rota_core.finished_run as f
        where f.origin = 'schedule:' || d.schedule and f.origin like 'schedule:%'
          and f.state = 'succeeded' and f.finished_at > m.slot
      ))
    order by d.due_at
    limit 1000
    for update of d skip locked
  loop
    perform rota_core.judge_deadline(v_deadline, v_now);
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;

comment on function rota_core.check_deadlines() is
$doc$Opens a record for each schedule that has gone without a success for longer than its deadline,
and closes it after the next success. Returns how many schedules it looked at.

Called by the supervisor each second: while nothing is due it costs one look into an index. What
another session has in hand is its to judge.$doc$;

revoke all on function rota_core.check_deadlines() from public;
grant execute on function rota_core.check_deadlines() to rota_worker;
