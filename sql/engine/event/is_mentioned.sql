create or replace function rota_core.is_mentioned(topic text, state rota_core.worker_state)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_like constant text := rota_core.topic_pattern(topic);
begin
  if strpos(topic, '*') > 0 then
    return true;
  end if;
  return exists (
    select
    from rota_core.event as e
    where e.topic = is_mentioned.topic and e.event_id > (state).events_id
  ) or exists (
    select
    from rota_core.event as e
    where e.xid >= pg_snapshot_xmax((state).events_low) and e.event_id <= (state).events_id
      and e.topic || '' like v_like
  ) or exists (
    select
    from rota_core.event as e
    where e.xid = any(array(select pg_snapshot_xip((state).events_low)))
      and e.event_id <= (state).events_id and e.topic || '' like v_like
  );
end;
$$;

comment on function rota_core.is_mentioned(text, rota_core.worker_state) is
$doc$Whether a topic may have events that a worker has not seen at its last look.$doc$;

revoke all on function rota_core.is_mentioned(text, rota_core.worker_state) from public;
