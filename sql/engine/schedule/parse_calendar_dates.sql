create or replace function rota_core.parse_calendar_dates(
  place text, days jsonb, out dates datemultirange, out yearly int4multirange
)
returns record
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_item jsonb;
  v_part text[];
  v_first date;
  v_last date;
  v_first_day int;
  v_last_day int;
begin
  dates := datemultirange();
  yearly := int4multirange();
  for v_item in select i.* from jsonb_array_elements(days) as i loop
    begin
      v_part := regexp_match(v_item #>> '{}',
        '^(?:(\d{4})-)?(\d\d)-(\d\d)(?:\.\.(?:(\d{4})-)?(\d\d)-(\d\d))?$');
      if v_part is null or jsonb_typeof(v_item) <> 'string'
        or v_part[5] is not null and (v_part[1] is null) <> (v_part[4] is null)
      then
        raise datetime_field_overflow;
      end if;

      -- A day of each year is one of a leap year.
      v_first := make_date(
        coalesce(v_part[1], '2000')::int, v_part[2]::int, v_part[3]::int
      );
      v_last := coalesce(make_date(
        coalesce(v_part[4], '2000')::int, v_part[5]::int, v_part[6]::int
      ), v_first);

      if v_part[1] is not null then
        if v_first > v_last then
          raise datetime_field_overflow;
        end if;
        dates := dates + datemultirange(daterange(v_first, v_last, '[]'));
      else
        v_first_day := extract(month from v_first) * 100 + extract(day from v_first);
        v_last_day := extract(month from v_last) * 100 + extract(day from v_last);
        yearly := yearly + case
          when v_first_day <= v_last_day
            then int4multirange(int4range(v_first_day, v_last_day, '[]'))
          else int4multirange(int4range(v_first_day, null), int4range(null, v_last_day, '[]'))
        end;
      end if;
    exception
      when datetime_field_overflow then
        perform rota_core.refuse_rule(
          place, 'dates', v_item,
          'Write a date 2026-12-25, a day of each year 12-24, or from..to of either, such as '
          || '2026-12-24..2027-01-01.'
        );
    end;
  end loop;
end;
$$;

comment on function rota_core.parse_calendar_dates(text, jsonb) is
$doc$The dates of a calendar's rule, and the days of each year. Refuses, with 22023, what is none.

A range of days of each year may go over New Year.$doc$;

revoke all on function rota_core.parse_calendar_dates(text, jsonb) from public;
