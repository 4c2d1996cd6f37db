create or replace view rota.events as
select
  e.event_id,
  e.at,
  e.topic,
  e.type,
  e.key,
  e.schema_name,
  e.table_name,
  e.payload,
  e.record,
  e.old_record
from rota_core.log_event as e;

comment on view rota.events is
$doc$Every event in the log: emitted ones have a payload, those of watched tables a record
(INSERT, UPDATE), an old_record (UPDATE, DELETE) or neither (TRUNCATE).

The log holds many events in a row, so the number of an event is no key of it: a condition on topic
or at is quick, one on event_id reads the log. `rota event tail` shows the newest.
For: rota_reader, rota_admin.$doc$;

revoke all on rota.events from public;
grant select on rota.events to rota_reader, rota_admin;
