create or replace function rota_core.judge_deadline(
  deadline rota_core.deadline, now timestamptz
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_origin constant text := 'schedule:' || deadline.schedule;
  v_schedule rota_core.schedule;
  v_slot timestamptz;
  v_missed boolean;
  v_run_id bigint;
  v_success_at timestamptz;
begin
  -- Before the slots are looked at: those that come in between are then not taken as dealt with.
  select s.* into v_schedule
  from rota_core.schedule as s where s.schedule = deadline.schedule;
  select m.slot into v_slot
  from rota_core.missed_deadline as m
  where m.schedule = deadline.schedule and m.closed_at is null;
  v_missed := found;

  loop
    if not v_missed then
      select s.slot into v_slot
      from rota_core.slot as s
      where s.schedule = deadline.schedule and s.slot >= deadline.judged_until
        and (s.outcome <> 'skipped' or s.reason = 'overlap')
      order by s.slot
      limit 1;
      if not found then
        deadline.judged_until := greatest(
          deadline.judged_until, case when isfinite(v_schedule.next_at) then v_schedule.next_at end
        );
        deadline.due_at := v_schedule.next_at + deadline.allowance;
        exit;
      end if;

      deadline.due_at := v_slot + deadline.allowance;
      select f.finished_at into v_success_at
      from rota_core.finished_run as f
      where f.origin = v_origin and f.origin like 'schedule:%' and f.state = 'succeeded'
        and f.finished_at > v_slot and f.finished_at <= deadline.due_at
      order by f.finished_at desc
      limit 1;
      if found then
        deadline.judged_until := v_success_at;
        deadline.last_success_at := v_success_at;
        continue;
      end if;
      exit when deadline.due_at > now;
      perform rota_core.open_missed(v_schedule, deadline, v_slot, now);
    end if;

    select f.run_id, f.finished_at into v_run_id, v_success_at
    from rota_core.finished_run as f
    where f.origin = v_origin and f.origin like 'schedule:%' and f.state = 'succeeded'
      and f.finished_at > v_slot
    order by f.finished_at
    limit 1;
    exit when not found;
    perform rota_core.close_missed(
      deadline.schedule, now, 'has succeeded again', v_success_at, v_run_id
    );
    deadline.judged_until := v_success_at;
    deadline.last_success_at := v_success_at;
    v_missed := false;
  end loop;

  update rota_core.deadline as d
  set
    judged_until = judge_deadline.deadline.judged_until,
    due_at = judge_deadline.deadline.due_at,
    last_success_at = judge_deadline.deadline.last_success_at
  where d.schedule = judge_deadline.deadline.schedule;
end;
$$;

comment on function rota_core.judge_deadline(rota_core.deadline, timestamptz) is
$doc$Judges the slots of a schedule that are due by its deadline: opens the record of one that no
success has followed in time, and closes it with the next success.

Afterwards due_at is when there is something to be judged again, or past while a record is open.
The caller holds the row of the deadline.$doc$;

revoke all on function rota_core.judge_deadline(rota_core.deadline, timestamptz) from public;
