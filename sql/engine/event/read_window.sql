create or replace function rota_core.read_window(
  inout place rota_core.event_position, source rota_core.subscription, max_events int,
  out page rota_core.event_page
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_own constant xid8 := pg_current_xact_id();
  v_until constant timestamptz := clock_timestamp() + interval '0.2 s';  -- real time: of a page
  v_found record;
begin
  if (place).cluster <> rota_core.cluster_id() then
    perform rota_core.raise_restored();
  end if;
  perform rota_core.plan_for_index();
  -- To plan for each page anew costs as much as a fifth of reading it.
  perform set_config('plan_cache_mode', 'force_generic_plan', true);
  loop
    if (place).high is null then
      place.high := rota_core.snapshot_before(v_own, pg_current_snapshot());
      -- After the snapshot: all that it sees has a number up to this.
      place.high_id := (select s.last_value from rota_core.event_id as s);
      place.last_id := 0;
    end if;

    select c.* into v_found from rota_core.page_chunks(place, source, max_events) as c;
    if v_found.chunks is not null then
      page := rota_core.page_events(place, source, v_found.chunks, v_found.topics, max_events);
      page.ends := v_found.total <= max_events;
      -- A row that is read to its end is not looked at again.
      if (page).ends or (page).last_id is null then
        page.last_id := v_found.chunks[cardinality(v_found.chunks)] | 1023;
      end if;
      return;
    end if;

    place := rota_core.end_phase(place);
    if (place).high is null or clock_timestamp() > v_until then
      return;
    end if;
  end loop;
end;
$$;

comment on function rota_core.read_window(
  rota_core.event_position, rota_core.subscription, int
) is
$doc$Reads on from a position: opens a window where none is open, and returns the first page that
holds anything, or none where the window is at its end. Returns the position as it must be stored
before the page is done. A window is bounded by two snapshots, and holds what the later one sees and
the earlier does not: a cursor by number or time alone loses what commits late.

Raises RT008 when the log was restored into another cluster.$doc$;

revoke all on function rota_core.read_window(
  rota_core.event_position, rota_core.subscription, int
) from public;
