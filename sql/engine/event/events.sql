create or replace view rota.events as
select
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

comment on view rota.events is
$doc$Every event in the log: emitted ones have a payload, those of watched tables a record
(INSERT, UPDATE), an old_record (UPDATE, DELETE) or neither (TRUNCATE).

The log holds many events in a row, so the number of an event is no key of it: a condition on topic
or at is quick, one on event_id reads the log. `rota event tail` shows the newest.
For: rota_reader, rota_admin.$doc$;

revoke all on rota.events from public;
grant select on rota.events to rota_reader, rota_admin;
