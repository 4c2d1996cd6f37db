create or replace function rota_core.page_events(
  place rota_core.event_position, source rota_core.subscription, chunks bigint[], topics text[],
  max_events int
)
returns rota_core.event_page
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_found record;
  v_page rota_core.event_page;
begin
  select e.*
  into v_found
  from rota_core.page_envelopes(place, source, chunks, topics, max_events) as e;
  v_page.ids := v_found.ids;
  v_page.keys := v_found.keys;
  v_page.last_id := v_found.last_id;

  -- All envelopes are read as JSON at once: half the cost of building each.
  begin
    v_page.events := ('[' || array_to_string(v_found.envelopes, ',') || ']')::jsonb;
  exception when data_exception or program_limit_exceeded then
    v_page.events := (
      select jsonb_agg(rota_core.envelope_json(u.envelope) order by u.ordinal)
      from unnest(v_found.envelopes) with ordinality as u (envelope, ordinal)
    );
  end;
  return v_page;
end;
$$;

comment on function rota_core.page_events(
  rota_core.event_position, rota_core.subscription, bigint[], text[], int
) is
$doc$The events of some rows of the log that a position has not passed yet, as handlers get
them.$doc$;

revoke all on function rota_core.page_events(
  rota_core.event_position, rota_core.subscription, bigint[], text[], int
) from public;
