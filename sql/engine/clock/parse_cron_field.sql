create or replace function rota_core.parse_cron_field(
  field text, value text, low int, high int, names text[] default '{}'
)
returns int[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_item text;
  v_part text[];
  v_first int;
  v_last int;
  v_step int;
  v_values int[];
begin
  if value ~ '^[0-9]{1,2}$' and value::int between low and high then
    return array[value::int];
  end if;

  foreach v_item in array string_to_array(value, ',') loop
    v_part := regexp_match(
      v_item,
      '^(?:(\*)|([0-9]{1,4}|[a-z]{3})(?:-([0-9]{1,4}|[a-z]{3}))?)(?:/([0-9]{1,4}))?$'
    );
    v_step := coalesce(v_part[4]::int, 1);
    v_first := case
      when v_part[1] = '*' then low
      when v_part[2] ~ '^[0-9]' then v_part[2]::int
      else low - 1 + array_position(names, v_part[2])
    end;
    v_last := case
      when v_part[3] ~ '^[0-9]' then v_part[3]::int
      when v_part[3] is not null then low - 1 + array_position(names, v_part[3])
      when v_part[1] = '*' or v_part[4] is not null then high
      else v_first
    end;

    if (
      low <= v_first and v_first <= v_last and v_last <= high and v_step between 1 and high
    ) is not true then
      v_values := v_values || rota_core.cron_special_day(field, v_item, low, high, names);
    elsif v_step > 1 then
      v_values := v_values
        || array(select g.n from generate_series(v_first, v_last, v_step) as g (n));
    else
      v_values := v_values || (
        '{0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,
          33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59}'::int[]
      )[v_first + 1:v_last + 1];
    end if;
  end loop;

  if strpos(value, ',') > 0 then
    v_values := array(select distinct u.n from unnest(v_values) as u (n) order by u.n);
  end if;
  return v_values;
end;
$$;

comment on function rota_core.parse_cron_field(text, text, int, int, text[]) is
$doc$The sorted values that one field of a cron expression stands for.

Days that depend on the month are coded above the ordinary ones, as in cron_special_day().
Raises 22023 naming the field, the value and what is allowed.$doc$;

revoke all on function rota_core.parse_cron_field(text, text, int, int, text[]) from public;
