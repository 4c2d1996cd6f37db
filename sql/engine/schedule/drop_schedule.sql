create or replace function rota.drop_schedule(name text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from rota_core.schedule as s
  where s.schedule = name;
  if not found then
    raise exception using
      errcode = 'undefined_object',
      message = format('schedule %s does not exist', quote_nullable(name)),
      hint = 'See what exists: select name from rota.schedules;';
  end if;

  update rota_core.slot as s
  set outcome = 'skipped', reason = 'the schedule was dropped'
  where s.schedule = name and s.outcome = 'waiting';
  delete from rota_core.pause as p
  where p.kind = 'schedule' and p.name = drop_schedule.name;
  perform rota_core.close_missed(name, rota_core.wall_clock(), 'was dropped');
  perform rota_core.sync_cron(name);
end;
$$;

comment on function rota.drop_schedule(text) is
$doc$Remove a schedule, with its pause. Runs that it has started go on; its slots stay as history.

Raises 42704 when there is no such schedule.
For: rota_admin.$doc$;

revoke all on function rota.drop_schedule(text) from public;
grant execute on function rota.drop_schedule(text) to rota_admin;
