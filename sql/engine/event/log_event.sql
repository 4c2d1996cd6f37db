create or replace view rota_core.log_event as
select
  e.event_id as row_id,
  e.event_id + r.place as event_id,
  e.at,
  e.topic,
  e.type,
  case when e.watch_id is null then e.key
    else rota_core.event_key(r.record, r.old_record, w.key) end as key,
  w.schema_name,
  w.table_name,
  case when e.watch_id is null then r.record::jsonb end as payload,
  case when e.watch_id is not null and e.record is not null then r.record::jsonb end as record,
  r.old_record::jsonb as old_record
from rota_core.event as e
left join rota_core.watch as w on w.watch_id = e.watch_id
-- In lockstep, the shorter ones filled with nulls: a TRUNCATE has neither, and is an event.
cross join lateral (
  select
    generate_series(0, e.events - 1) as place,
    json_array_elements(e.record) as record,
    json_array_elements(e.old_record) as old_record
) as r;

comment on view rota_core.log_event is
$doc$The events of each row of the log. A condition on row_id is quick, one on event_id is
not.$doc$;

revoke all on rota_core.log_event from public;
