create or replace function rota_core.paused_tasks(at timestamptz)
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select p.name
    from rota_core.pause as p
    where p.kind = 'task' and (p.until is null or p.until > paused_tasks.at)
  );
end;
$$;

comment on function rota_core.paused_tasks(timestamptz) is
$doc$The tasks that stand still at a time.$doc$;

revoke all on function rota_core.paused_tasks(timestamptz) from public;
