create or replace function rota_core.health_restore()
returns table (check_name text, status text, detail text, hint text)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  check_name := 'restored log';
  if rota_core.is_restored() then
    status := 'critical';
    detail := 'the event log was restored into another cluster: no subscription reads it';
    hint := 'rota doctor --adopt-restore';
  else
    status := 'ok';
    detail := 'the event log is of this cluster';
  end if;
  return next;
end;
$$;

comment on function rota_core.health_restore() is
$doc$Whether the event log was restored into another cluster, and nobody has told rota so.$doc$;

revoke all on function rota_core.health_restore() from public;
grant execute on function rota_core.health_restore() to rota_reader, rota_admin;
