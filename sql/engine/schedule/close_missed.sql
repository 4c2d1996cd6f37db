create or replace function rota_core.close_missed(
  schedule text, now timestamptz, because text, success_at timestamptz default null,
  run_id bigint default null
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with closed as (
    update rota_core.missed_deadline as m
    set
      closed_at = greatest(m.opened_at, coalesce(close_missed.success_at, close_missed.now)),
      closed_by = close_missed.run_id
    where m.schedule = close_missed.schedule and m.closed_at is null
    returning m.slot, m.due_at
  )
  insert into rota_core.log (at, level, message, context, component, task, run_id)
  select
    close_missed.now, 'info', format('%s %s', close_missed.schedule, close_missed.because),
    jsonb_build_object('schedule', close_missed.schedule, 'slot', c.slot, 'due_at', c.due_at),
    'schedule',
    (select s.task from rota_core.schedule as s where s.schedule = close_missed.schedule),
    close_missed.run_id
  from closed as c;
end;
$$;

comment on function rota_core.close_missed(text, timestamptz, text, timestamptz, bigint) is
$doc$Closes the open record of a missed deadline, if there is one, and logs why.$doc$;

revoke all on function rota_core.close_missed(
  text, timestamptz, text, timestamptz, bigint
) from public;
