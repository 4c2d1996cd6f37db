create or replace function rota.emit(
  topic text, type text, payload jsonb, key text default null
)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_event_id bigint;
begin
  perform rota_core.check_topic(topic, false);
  if type is null or length(type) not between 1 and 200 or type ~ '[[:cntrl:]]'
    or octet_length(key) not between 1 and 500
  then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = case when octet_length(key) not between 1 and 500
        then 'key must be 1 to 500 bytes long'
        else format('type %s is not valid', quote_nullable(left(type, 210))) end,
      detail = 'A type has 1 to 200 characters, a key 1 to 500 bytes.',
      hint = 'select rota.emit(''payment'', ''payment.completed'', ''{"id": 17}'', key => ''17'');';
  end if;

  insert into rota_core.event (at, topic, type, key, record)
  values (
    rota_core.wall_clock(), emit.topic, emit.type, emit.key,
    json_build_array(coalesce(payload, 'null'))
  )
  returning event_id into v_event_id;
  return v_event_id;
end;
$$;

comment on function rota.emit(text, text, jsonb, text) is
$doc$Write an event to the log, in the caller's transaction: rolled back with it, and read by
subscribers once it has committed.

- topic: what it is about, such as `payment`. 1 to 200 characters; `*` is for those who subscribe.
  The topics of watched tables (`public.users`) belong to their watches: what is emitted there
  reaches the same subscribers, without a record.
- type: what happened, such as `payment.completed`. 1 to 200 characters.
- payload: any JSON, up to what Postgres can hold (255 MB).
- key: what it happened to, 1 to 500 bytes: an `ordered` subscription reads events of one key in
  order.

Returns the event's number. Raises 22023 for a topic, type or key that cannot be one.
For: rota_app, rota_admin, rota_worker, and every role that tasks run as.$doc$;

revoke all on function rota.emit(text, text, jsonb, text) from public;
grant execute on function rota.emit(text, text, jsonb, text) to rota_app, rota_admin, rota_worker;
