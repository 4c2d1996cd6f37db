create or replace function rota_core.parse_calendar_hours(place text, hours jsonb)
returns int4multirange
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_item jsonb;
  v_part text[];
  v_first int;
  v_last int;
  v_hours int4multirange := int4multirange();
begin
  for v_item in select i.* from jsonb_array_elements(hours) as i loop
    v_part := regexp_match(v_item #>> '{}',
      '^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))$');
    v_first := v_part[1]::int * 60 + v_part[2]::int;
    v_last := coalesce(v_part[3], v_part[5])::int * 60 + coalesce(v_part[4], v_part[6])::int;
    if v_part is null or v_first = v_last or jsonb_typeof(v_item) <> 'string' then
      perform rota_core.refuse_rule(
        place, 'hours', v_item,
        'Write from-to, such as 08:00-17:30, or 22:00-06:00 over midnight; the end is not in it.'
      );
    end if;
    v_hours := v_hours + case
      when v_first < v_last then int4multirange(int4range(v_first, v_last))
      else int4multirange(int4range(v_first, 1440), int4range(0, v_last))
    end;
  end loop;
  return v_hours;
end;
$$;

comment on function rota_core.parse_calendar_hours(text, jsonb) is
$doc$The hours of a calendar's rule as minutes of the day. Refuses, with 22023, what is none.$doc$;

revoke all on function rota_core.parse_calendar_hours(text, jsonb) from public;
