create or replace function rota_core.parse_calendar_weekdays(place text, weekdays jsonb)
returns int[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_names constant text[] := array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
  v_item jsonb;
  v_day int;
  v_days int[] := array[]::int[];
begin
  for v_item in select i.* from jsonb_array_elements(weekdays) as i loop
    v_day := array_position(c_names, lower(v_item #>> '{}'));
    if v_day is null or jsonb_typeof(v_item) <> 'string' then
      perform rota_core.refuse_rule(
        place, 'weekdays', v_item, 'Days are mon, tue, wed, thu, fri, sat and sun.'
      );
    end if;
    v_days := v_days || v_day;
  end loop;
  return v_days;
end;
$$;

comment on function rota_core.parse_calendar_weekdays(text, jsonb) is
$doc$The weekdays of a calendar's rule, 1 to 7 from Monday on. Refuses, with 22023, what is
none.$doc$;

revoke all on function rota_core.parse_calendar_weekdays(text, jsonb) from public;
