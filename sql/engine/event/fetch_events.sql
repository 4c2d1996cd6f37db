create or replace function rota.fetch_events(
  subscription text, max_events int default 100, lease interval default '30 s'
)
returns table (
  event_id bigint, at timestamptz, topic text, type text, key text, schema_name text,
  table_name text, payload jsonb, record jsonb, old_record jsonb, attempts int
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_source rota_core.subscription;
  v_settings constant text[] := rota_core.planning();
  v_ids bigint[];
begin
  if max_events is null or max_events not between 1 and 10000
    or lease is null or lease <= interval '0' or lease > interval '7 days'
  then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'max_events must be from 1 to 10000, and lease up to 7 days',
      hint = 'select * from rota.fetch_events(''name'', max_events => 100, lease => ''30 s'');';
  end if;
  select s.* into v_source
  from rota_core.subscription as s where s.subscription = fetch_events.subscription;
  if not found then
    perform rota_core.raise_no_subscription(subscription);
  elsif v_source.task is not null then
    raise exception using
      errcode = 'RT009',
      message = format('subscription %s is read by task %s', subscription, v_source.task),
      hint = format('For an application: select rota.subscribe(%L, %L, null);',
        subscription || '-app', v_source.topic);
  elsif rota_core.subscription_stands(subscription) then
    return;
  end if;

  perform rota_core.plan_for_index();
  v_ids := rota_core.lease_again(v_source, max_events, lease);
  v_ids := v_ids || rota_core.lease_new(v_source, max_events - cardinality(v_ids), lease);

  return query
  select
    h.event_id, e.at, e.topic, e.type, h.key, e.schema, e.table, e.payload,
    nullif(e.record, 'null'), nullif(e.old_record, 'null'), h.attempts
  from rota_core.held_event as h
  cross join lateral jsonb_to_record(h.event) as e (
    at timestamptz, topic text, type text, schema text, "table" text, payload jsonb, record jsonb,
    old_record jsonb
  )
  where h.subscription = fetch_events.subscription and h.event_id = any(v_ids)
  order by h.event_id;
  perform rota_core.plan_as_before(v_settings);
end;
$$;

comment on function rota.fetch_events(text, int, interval) is
$doc$Take events of a subscription that no task reads, each for the time of a lease. What is not
acknowledged by then (rota.ack_events) is handed out again, to whoever fetches.

- subscription: its name. max_events: at most so many, 1 to 10000.
- lease: how long they are this caller's, up to 7 days.

At least once: a consumer may die between its work and its ack. Nobody else is given an event while
its lease runs. After 10 leases that ran out it is a dead letter. In an `ordered` subscription an
event is not handed out while an earlier one of its key is leased or dead. Commit right after the
fetch: until then, others find no new events. A subscription that is paused has none.

Returns events as in rota.events, and how often each was handed out. Raises 42704 for an unknown
subscription, RT009 for one that a task reads, 22023 for a bad argument.
For: rota_app, rota_admin.$doc$;

revoke all on function rota.fetch_events(text, int, interval) from public;
grant execute on function rota.fetch_events(text, int, interval) to rota_app, rota_admin;
