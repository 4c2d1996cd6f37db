create or replace function rota_core.start_for_events(task text, mode text, events jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rota_core.wall_clock();
begin
  insert into rota_core.run as r (
    task, lane, priority, run_at, input, limited, created_at, created_by, tags, origin
  )
  select
    t.task, t.lane, t.priority, v_now, i.input, t.is_limited, v_now, t.caller, t.tags,
    'event:' || i.event_id
  from (
    select
      t.task, t.lane, t.priority, t.tags, rota_core.is_limited(t) as is_limited,
      rota_core.caller() as caller
    from rota_core.task as t
    where t.task = start_for_events.task
    offset 0
  ) as t
  cross join (
    select e.value as input, e.value ->> 'event_id' as event_id, e.place
    from jsonb_array_elements(events) with ordinality as e (value, place)
    where mode = 'event'
    union all
    select jsonb_build_object('events', events), events -> 0 ->> 'event_id', 1
    where mode = 'batch'
  ) as i
  order by i.place;
end;
$$;

comment on function rota_core.start_for_events(text, text, jsonb) is
$doc$Starts a task once for each event, whose input is the event, or once with all of them as
{"events": [...]}. In the transaction that moves the position, so each event starts one run.$doc$;

revoke all on function rota_core.start_for_events(text, text, jsonb) from public;
grant execute on function rota_core.start_for_events(text, text, jsonb) to rota_worker;
