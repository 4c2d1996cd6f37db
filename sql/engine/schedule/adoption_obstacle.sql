create or replace function rota_core.adoption_obstacle(schedule text, username text)
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_schedule rota_core.schedule;
  v_is_superuser boolean;
begin
  select s.*
  into v_schedule
  from rota_core.schedule as s
  where s.schedule = adoption_obstacle.schedule;
  if not found then
    raise exception using
      errcode = 'undefined_object',
      message = format('schedule %s does not exist', quote_nullable(schedule)),
      hint = 'Define it first, with rota.define_schedule().';
  end if;

  -- VACUUM passes over what it may not touch with no more than a warning.
  select r.rolsuper
  into v_is_superuser
  from pg_roles as r
  where v_schedule.command is not null and r.rolname = username
    and not exists (
      select from pg_roles as w
      where (w.rolname = username or w.rolname = 'pg_maintain' and v_schedule.command ~*
          $re$^\s*(vacuum|analyze|reindex|cluster|refresh)\M$re$)
        and pg_has_role('rota_worker', w.oid, 'USAGE')
    );
  if v_is_superuser then
    return format('its cron job goes on, since rota_worker may not do all that %I may, a'
      ' superuser: leave it to pg_cron and drop the schedule, or schedule it as the owner of what it'
      ' works on', username);
  elsif not v_is_superuser then
    return format('its cron job goes on, since rota_worker may not do what it does: grant %I to'
      ' rota_worker, then deploy', username);
  end if;
  return null;
end;
$$;

comment on function rota_core.adoption_obstacle(text, text) is
$doc$Why a schedule cannot do what the cron job of a user did; null where it can.

Raises 42704 when there is no such schedule.$doc$;

revoke all on function rota_core.adoption_obstacle(text, text) from public;
grant execute on function rota_core.adoption_obstacle(text, text) to rota_admin;
