create or replace function rota.drop_calendar(name text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_users text;
begin
  -- A schedule that is being defined holds it until it is there to be seen.
  perform from rota_core.calendar as c where c.calendar = name for update;
  if not found then
    raise exception using
      errcode = 'undefined_object',
      message = format('calendar %s does not exist', quote_nullable(name)),
      hint = 'See what exists: select name from rota.calendars;';
  end if;

  select string_agg(format('schedule %s', s.schedule), ', ' order by s.schedule)
  into v_users
  from rota_core.schedule as s
  where s.calendar = name;
  if v_users is not null then
    raise exception using
      errcode = 'RT002',
      message = format('calendar %s is still used', name),
      detail = format('Used by: %s.', v_users),
      hint = 'Drop those first, or define them without it.';
  end if;
  delete from rota_core.calendar as c where c.calendar = name;
end;
$$;

comment on function rota.drop_calendar(text) is
$doc$Remove a calendar.

Raises 42704 when there is no such calendar, RT002 while a schedule uses it, naming which.
For: rota_admin.$doc$;

revoke all on function rota.drop_calendar(text) from public;
grant execute on function rota.drop_calendar(text) to rota_admin;
