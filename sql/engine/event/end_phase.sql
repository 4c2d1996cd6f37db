create or replace function rota_core.end_phase(at rota_core.position)
returns rota_core.position
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  at.last_id := 0;
  if (at).phase = 0 then
    at.phase := 1;
    return at;
  end if;
  at.phase := 0;
  at.low := (at).high;
  at.low_id := (at).high_id;
  at.high := null;
  at.high_id := null;
  return at;
end;
$$;

comment on function rota_core.end_phase(rota_core.position) is
$doc$The position after the last page of a phase: from the stragglers to what is new, from there to
a window that is closed.$doc$;

revoke all on function rota_core.end_phase(rota_core.position) from public;
