create or replace function rota.subscribe(
  name text, topic text, task text, types text[] default null, filter jsonpath default null,
  since text default 'now', mode text default 'event', batch_size int default 500,
  ordered boolean default false, shards int default 1, max_lag interval default '1 day'
)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rota_core.wall_clock();
  v_filter jsonpath := filter;
begin
  perform rota_core.check_subscription(
    name, topic, task, types, since, mode, batch_size, shards, max_lag
  );
  -- A path that selects is meant as: there is such a thing.
  if filter is not null
    and jsonb_typeof(jsonb_path_query_first('{}', filter, silent => true)) is distinct from 'boolean'
    and coalesce(jsonb_path_query_first('{}', filter, silent => true), '{}') <> 'null'
  then
    v_filter := format('exists(%s)', filter)::jsonpath;
  end if;

  insert into rota_core.subscription as s (
    subscription, topic, task, types, filter, mode, batch_size, ordered, shards, max_lag,
    defined_at, defined_by
  )
  values (
    name, subscribe.topic, subscribe.task, subscribe.types, v_filter, mode, batch_size,
    coalesce(ordered, false), shards, max_lag, v_now, rota_core.caller()
  )
  on conflict on constraint subscription_pkey do update set
    (topic, task, types, filter, mode, batch_size, ordered, shards, max_lag, defined_at,
      defined_by) =
    (excluded.topic, excluded.task, excluded.types, excluded.filter, excluded.mode,
      excluded.batch_size, excluded.ordered, excluded.shards, excluded.max_lag,
      excluded.defined_at, excluded.defined_by);

  perform rota_core.place_positions(name, since);
  perform rota_core.save_delivery_task(name);
  return name;
end;
$$;

comment on function rota.subscribe(
  text, text, text, text[], jsonpath, text, text, int, boolean, int, interval
) is
$doc$Let a task handle the events of a topic, each once, from a position of this subscription's own;
or replace such a definition.

- name: 1 to 63 letters, digits and _ - . : /
- topic: of a watched table, such as public.users, or of rota.emit; * stands for any characters.
- task: what handles them; null: an application fetches them with rota.fetch_events.
- types: of events, such as {INSERT,UPDATE}; filter: a jsonpath on the event, such as
  $.record.status == "published".
- since: where a new subscription begins: `now`, or the `earliest` event that is kept.
- mode: `event` calls f(event jsonb) for each, `batch` calls f(events jsonb) with an array of up to
  batch_size, for a task of kind batch. A task that is chunked or external, or that has a limit
  (concurrency, mutex, rate_limit), is started for each event, or for each batch.
- ordered: an event that fails holds back the later ones of its key, and no others.
- shards: readers side by side, each with its share of the keys.
- max_lag: how old what is not read yet may become: beyond, there is an alert; at twice the age the
  subscription is paused and the log is no longer kept for it.

What a handler does inside the database commits together with the position: once, whatever crashes.
An argument left out takes its default again; position and pause survive, and what has been read
counts as read also where topic, types or filter change. Returns the name.
Raises 42704 for an unknown task, 22023 for a bad argument, RT002 for another number of shards than
the subscription has: they do not stand at one place.
For: rota_admin.$doc$;

revoke all on function rota.subscribe(
  text, text, text, text[], jsonpath, text, text, int, boolean, int, interval
) from public;
grant execute on function rota.subscribe(
  text, text, text, text[], jsonpath, text, text, int, boolean, int, interval
) to rota_admin;
