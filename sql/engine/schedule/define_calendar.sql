create or replace function rota.define_calendar(name text, rules jsonb)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_forms rota_core.calendar_form[];
begin
  perform rota_core.check_name('calendar', name);
  v_forms := rota_core.parse_calendar(name, rules);

  insert into rota_core.calendar as c (calendar, rules, forms, defined_at, defined_by)
  values (
    name,
    case jsonb_typeof(define_calendar.rules)
      when 'object' then jsonb_build_array(define_calendar.rules) else define_calendar.rules
    end,
    v_forms, rota_core.wall_clock(), rota_core.caller()
  )
  on conflict on constraint calendar_pkey do update set
    (rules, forms, defined_at, defined_by) =
    (excluded.rules, excluded.forms, excluded.defined_at, excluded.defined_by);
  return name;
end;
$$;

comment on function rota.define_calendar(text, jsonb) is
$doc$Create a calendar or replace its rules: times at which the schedules that name it do not start.

- name: 1 to 63 letters, digits and _ - . : /
- rules: an object, or a list of objects of which any excludes. An object excludes a moment when all
  its conditions hold: `weekdays` ["sat", "sun"]; `dates` ["2026-12-25", "12-24" (each year),
  "2026-12-24..2027-01-01"]; `hours` ["22:00-06:00"], over midnight or not, without the end. All are
  of the moment itself as clocks show it in `timezone` (default UTC).

Slots from now on go by the new rules. Returns the name.
Raises 22023 for a bad name or rule.
For: rota_admin.$doc$;

revoke all on function rota.define_calendar(text, jsonb) from public;
grant execute on function rota.define_calendar(text, jsonb) to rota_admin;
