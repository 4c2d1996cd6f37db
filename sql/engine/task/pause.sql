create or replace function rota.pause(
  kind text, name text, until timestamptz default null, reason text default null
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rota_core.check_pausable(kind, name);

  insert into rota_core.pause as p (kind, name, until, reason, paused_at, paused_by)
  values (
    pause.kind, pause.name, pause.until, pause.reason, rota_core.wall_clock(), rota_core.caller()
  )
  on conflict on constraint pause_pkey do update set
    (until, reason, paused_at, paused_by) =
    (excluded.until, excluded.reason, excluded.paused_at, excluded.paused_by);

  if kind = 'task' then
    perform rota_core.place_runs(name);
  elsif kind = 'schedule' then
    perform rota_core.sync_cron(name);
  end if;
end;
$$;

comment on function rota.pause(text, text, timestamptz, text) is
$doc$Let a task, schedule, lane or subscription stand still. What is running goes on; starts are
queued and run on resume.

- kind: `task`, `schedule`, `lane` or `subscription`; name: which one.
- until: when it goes on by itself (default: when resumed). reason: shown to whoever looks.

Pausing again replaces until and reason. Survives a redefinition.
Raises 42704 for an unknown name, 22023 for an unknown kind.
For: rota_admin.$doc$;

revoke all on function rota.pause(text, text, timestamptz, text) from public;
grant execute on function rota.pause(text, text, timestamptz, text) to rota_admin;
