create or replace function rota_core.health_schedules()
returns table (check_name text, status text, detail text, hint text)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_late text;
  v_missed text;
  v_paused text;
begin
  select string_agg(format('%s since %s', s.schedule, date_trunc('second', s.next_at)), ', '
    order by s.next_at, s.schedule)
  into v_late
  from rota_core.schedule as s
  where s.next_at < v_now - interval '1 min'
    and not exists (
      select from rota_core.pause as p
      where p.kind = 'schedule' and p.name = s.schedule and (p.until is null or p.until > v_now)
    );

  check_name := 'schedules';
  if v_late is null then
    status := 'ok';
    detail := format('%s schedules, none is late', (select count(*) from rota_core.schedule));
  else
    status := 'critical';
    detail := 'late: ' || v_late;
    hint := 'The supervisor fires them: see its own line here.';
  end if;
  return next;

  select string_agg(
    rota_core.deadline_message(m.schedule, m.last_success_at, true), ', '
    order by m.due_at, m.schedule
  )
  into v_missed
  from rota_core.missed_deadline as m
  where m.closed_at is null;

  check_name := 'deadlines';
  if v_missed is null then
    status := 'ok';
    detail := format('%s schedules have one, none is missed',
      (select count(*) from rota_core.deadline));
    hint := null;
  else
    status := 'critical';
    detail := v_missed;
    hint := 'select * from rota.missed_deadlines where closed_at is null; why: rota schedule show '
      'NAME, rota run list --state failed';
  end if;
  return next;

  select string_agg(
    format('%s %s%s', p.kind, p.name, coalesce(' until ' || date_trunc('second', p.until), '')),
    ', ' order by p.kind, p.name
  )
  into v_paused
  from rota_core.pause as p
  where p.until is null or p.until > v_now;

  check_name := 'paused';
  status := 'ok';
  detail := coalesce(v_paused, 'nothing');
  hint := case when v_paused is not null then 'select rota.resume(KIND, NAME);' end;
  return next;
end;
$$;

comment on function rota_core.health_schedules() is
$doc$Schedules that should have fired a minute ago or more, deadlines that are missed, and what
stands still on purpose.$doc$;

revoke all on function rota_core.health_schedules() from public;
grant execute on function rota_core.health_schedules() to rota_reader, rota_admin;
