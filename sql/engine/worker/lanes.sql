create or replace function rota_core.lanes()
returns text[]
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select array(select l.lane from rota_core.lane as l where l.workers > 0 order by l.lane);
$$;

comment on function rota_core.lanes() is $doc$The lanes that have workers.$doc$;

revoke all on function rota_core.lanes() from public;
grant execute on function rota_core.lanes() to rota_worker;
