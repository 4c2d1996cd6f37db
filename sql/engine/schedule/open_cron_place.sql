create or replace function rota_core.open_cron_place()
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- The caller holds the lock of sync_cron(): nobody else inserts, so that nobody ever waits here.
  insert into rota_core.cron_place (extension, seen_through, purged_through)
  select e.oid, 0, 0
  from pg_extension as e
  where e.extname = 'pg_cron'
    and not exists (select from rota_core.cron_place as p where p.extension = e.oid);

  if found then
    delete from rota_core.cron_place as p
    where p.extension <> (select e.oid from pg_extension as e where e.extname = 'pg_cron');
    delete from rota_core.cron_job;
    delete from rota_core.cron_command;
  end if;
end;
$$;

comment on function rota_core.open_cron_place() is
$doc$Starts to read pg_cron's history where it has been installed, and forgets about jobs of a
pg_cron that was installed before: its numbers mean others.$doc$;

revoke all on function rota_core.open_cron_place() from public;
grant execute on function rota_core.open_cron_place() to rota_worker;
