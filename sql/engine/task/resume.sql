create or replace function rota.resume(kind text, name text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rota_core.check_pausable(kind, name);

  delete from rota_core.pause as p
  where p.kind = resume.kind and p.name = resume.name;
  if not found then
    return;
  end if;

  if kind = 'task' then
    perform rota_core.place_runs(name);
    perform rota_core.subscription_resumed(kind, name);
  elsif kind = 'schedule' then
    perform rota_core.schedule_resumed(name);
    perform rota_core.sync_cron(name);
  elsif kind = 'subscription' then
    perform rota_core.subscription_resumed(kind, name);
  end if;
end;
$$;

comment on function rota.resume(text, text) is
$doc$Let a paused task, schedule, lane or subscription go on. Runs queued meanwhile run now; slots
of a schedule that passed in the pause are recorded as skipped.

- kind: `task`, `schedule`, `lane` or `subscription`; name: which one. Resuming what is not paused
  does nothing.

Raises 42704 for an unknown name, 22023 for an unknown kind.
For: rota_admin.$doc$;

revoke all on function rota.resume(text, text) from public;
grant execute on function rota.resume(text, text) to rota_admin;
