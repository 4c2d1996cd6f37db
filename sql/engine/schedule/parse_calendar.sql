create or replace function rota_core.parse_calendar(name text, rules jsonb)
returns rota_core.calendar_form[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_rule jsonb;
  v_place int := 0;
  v_forms rota_core.calendar_form[] := array[]::rota_core.calendar_form[];
begin
  if jsonb_typeof(rules) = 'object' then
    return array[rota_core.parse_calendar_rule(format('calendar %s', name), rules)];
  elsif jsonb_typeof(rules) is distinct from 'array' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format(
        'calendar %s: rules are a JSON object or a list of objects, not %s', name,
        coalesce(rules::text, 'null')
      ),
      hint = format('select rota.define_calendar(%L, ''{"weekdays": ["sat", "sun"]}'');', name);
  end if;

  for v_rule in select r.* from jsonb_array_elements(rules) as r loop
    v_place := v_place + 1;
    v_forms := v_forms || rota_core.parse_calendar_rule(
      format('calendar %s, rule %s', name, v_place), v_rule
    );
  end loop;
  return v_forms;
end;
$$;

comment on function rota_core.parse_calendar(text, jsonb) is
$doc$Reads the rules of a calendar, any of which excludes. Refuses, with 22023, what is none.$doc$;

revoke all on function rota_core.parse_calendar(text, jsonb) from public;
