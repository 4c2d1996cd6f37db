create or replace function rota_core.follow_events(
  inout place jsonb, topic text default '*', types text[] default null,
  max_events int default 500, out events jsonb
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_place rota_core.event_position := jsonb_populate_record(null::rota_core.event_position, place);
  v_source rota_core.subscription;
  v_chunks bigint[];
begin
  perform rota_core.plan_for_index();
  v_source.topic := topic;
  v_source.types := types;
  if place is null or (v_place).cluster is distinct from rota_core.cluster_id() then
    v_place := null;
    v_place.low := pg_current_snapshot();
    v_place.low_id := (select s.last_value from rota_core.event_id as s);
    v_place.phase := 0;
    v_place.last_id := 0;
    v_place.cluster := rota_core.cluster_id();
  else
    if (v_place).high is null then
      v_place.high := pg_current_snapshot();
      -- After the snapshot: all that it sees has a number up to this.
      v_place.high_id := (select s.last_value from rota_core.event_id as s);
    end if;
    loop
      v_chunks := (select c.chunks from rota_core.page_chunks(v_place, v_source, max_events) as c);
      exit when v_chunks is not null;
      v_place := rota_core.end_phase(v_place);
      exit when (v_place).high is null;
    end loop;
  end if;

  if v_chunks is not null then
    v_chunks := array(
      select c.event_id
      from (
        select e.event_id, sum(e.events) over (order by e.event_id) - e.events as before
        from rota_core.event as e
        where e.event_id = any(v_chunks)
      ) as c
      where c.before < max_events
      order by c.event_id
    );
    events := (
      select jsonb_agg(to_jsonb(e) - 'row_id' order by e.event_id)
      from rota_core.log_event as e
      where e.row_id = any(v_chunks)
    );
    v_place.last_id := v_chunks[cardinality(v_chunks)] | 1023;
  end if;
  place := jsonb_strip_nulls(to_jsonb(v_place));
end;
$$;

comment on function rota_core.follow_events(jsonb, text, text[], int) is
$doc$The events that have committed since a place in the log, each once, whenever they got their
numbers: the log is read by windows between two snapshots, as for a subscription.

- place: as the last call returned it; null: from now on, and no events yet. The same where the log
  was restored into another cluster: its `cluster` then differs.
- topic: as subscriptions name it; types: default: all.
- max_events: about so many in a page.

Returns the next place and events as rota.events has them, null when there is nothing new. The place
is a cursor without a session: nothing is held in between.$doc$;

revoke all on function rota_core.follow_events(jsonb, text, text[], int) from public;
grant execute on function rota_core.follow_events(jsonb, text, text[], int)
to rota_reader, rota_admin;
