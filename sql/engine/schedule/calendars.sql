create or replace view rota.calendars as
select
  c.calendar as name,
  c.rules,
  array(
    select s.schedule
    from rota_core.schedule as s
    where s.calendar = c.calendar
    order by s.schedule
  ) as schedules,
  c.defined_at,
  c.defined_by
from rota_core.calendar as c;

comment on view rota.calendars is
$doc$Every calendar: its rules, and the schedules that do not start at the times it excludes.
For: rota_reader, rota_admin.$doc$;

revoke all on rota.calendars from public;
grant select on rota.calendars to rota_reader, rota_admin;
