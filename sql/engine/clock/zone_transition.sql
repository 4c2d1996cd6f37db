create or replace function rota_core.zone_transition(
  since timestamptz, until timestamptz, timezone text
)
returns timestamptz
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_offset constant interval := rota_core.utc_offset(since, timezone);
  v_low bigint := 0;
  v_high bigint := extract(epoch from until - since);
  v_middle bigint;
begin
  while v_high - v_low > 1 loop
    v_middle := (v_low + v_high) / 2;
    if rota_core.utc_offset(since + make_interval(secs => v_middle), timezone) = v_offset then
      v_low := v_middle;
    else
      v_high := v_middle;
    end if;
  end loop;
  return date_trunc('second', since + make_interval(secs => v_high));
end;
$$;

comment on function rota_core.zone_transition(timestamptz, timestamptz, text) is
$doc$The second at which a zone's offset changes, between two moments at which it differs.$doc$;

revoke all on function rota_core.zone_transition(timestamptz, timestamptz, text) from public;
