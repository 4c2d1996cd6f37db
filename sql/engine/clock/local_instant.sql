create or replace function rota_core.local_instant(
  wall timestamp, timezone text, latest boolean default false
)
returns timestamptz
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_utc constant timestamptz := wall at time zone 'UTC';
  v_before constant timestamptz :=
    v_utc - rota_core.utc_offset(v_utc - interval '24 hours', timezone);
  v_after constant timestamptz :=
    v_utc - rota_core.utc_offset(v_utc + interval '24 hours', timezone);
  v_gap_end timestamptz;
begin
  if v_before = v_after then
    return v_before;
  end if;
  if (v_after at time zone timezone) = wall
    and (latest or (v_before at time zone timezone) <> wall)
  then
    return v_after;
  end if;
  if (v_before at time zone timezone) = wall then
    return v_before;
  end if;

  v_gap_end := rota_core.zone_transition(
    v_utc - interval '24 hours', v_utc + interval '24 hours', timezone
  );
  return v_gap_end
    + make_interval(secs => (60 - date_part('second', v_gap_end at time zone timezone)::int) % 60);
end;
$$;

comment on function rota_core.local_instant(timestamp, text, boolean) is
$doc$The moment at which a zone's clock shows this time.

Of a doubled time the first, or the latest if asked; of one that is left out, the first
minute after.$doc$;

revoke all on function rota_core.local_instant(timestamp, text, boolean) from public;
