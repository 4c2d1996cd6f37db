create or replace function rota_core.parse_rate_limit(
  rate_limit text, out capacity int, out period interval
)
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_match text[] := regexp_match(parse_rate_limit.rate_limit, '^\s*(\d{1,6})\s*/\s*(.+)$');
begin
  if parse_rate_limit.rate_limit is null then
    return;
  end if;

  begin
    capacity := v_match[1]::int;
    period := (case when v_match[2] ~ '^\d' then '' else '1 ' end || v_match[2])::interval;
  exception
    when invalid_datetime_format or datetime_field_overflow or interval_field_overflow then
      period := null;
  end;

  if capacity is null or capacity < 1 or period is null or period <= interval '0' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('rate limit %s is not understood', quote_literal(rate_limit)),
      hint = 'Write runs per time, such as ''10/minute'' or ''100/15 minutes''.';
  end if;
end;
$$;

comment on function rota_core.parse_rate_limit(text) is
$doc$Reads `10/minute` as a token bucket: its capacity, and the time in which it fills.$doc$;

revoke all on function rota_core.parse_rate_limit(text) from public;
