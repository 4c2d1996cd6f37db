create or replace function rota_core.start_waiting(schedule text, now timestamptz, fired_by text)
returns int
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_schedule rota_core.schedule;
  v_count int := 0;
begin
  if not exists (select from rota_core.slot as w where w.outcome = 'waiting') then
    return 0;
  end if;

  for v_schedule in
    select s.*
    from rota_core.schedule as s
    where (start_waiting.schedule is null or s.schedule = start_waiting.schedule)
      and exists (
        select from rota_core.slot as w
        where w.schedule = s.schedule and w.outcome = 'waiting'
      )
      and not exists (
        select from rota_core.pause as p
        where p.kind = 'schedule' and p.name = s.schedule
          and (p.until is null or p.until > start_waiting.now)
      )
      and (s.overlap = 'allow' or not exists (
        select from rota_core.run as r
        where r.origin = 'schedule:' || s.schedule and r.origin like 'schedule:%'
      ))
    for update skip locked
  loop
    v_count := v_count + rota_core.start_waiting_slots(v_schedule, now, fired_by);
  end loop;
  return v_count;
end;
$$;

comment on function rota_core.start_waiting(text, timestamptz, text) is
$doc$Starts slots that waited for an earlier run of their schedule, oldest first. Returns
how many.$doc$;

revoke all on function rota_core.start_waiting(text, timestamptz, text) from public;
