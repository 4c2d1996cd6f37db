create or replace view rota.dead_letters as
select
  h.subscription,
  h.event_id,
  h.key,
  h.event ->> 'topic' as topic,
  h.event ->> 'type' as type,
  h.event,
  h.attempts,
  h.error,
  h.held_at,
  h.dead_at
from rota_core.held_event as h
where h.dead_at is not null;

comment on view rota.dead_letters is
$doc$Events that a subscription could not deliver, for good: each as its handler was given it, with
the last error. rota.redrive_dead_letters tries them again, rota.discard_dead_letters gives them up.
For: rota_reader, rota_admin.$doc$;

revoke all on rota.dead_letters from public;
grant select on rota.dead_letters to rota_reader, rota_admin;
