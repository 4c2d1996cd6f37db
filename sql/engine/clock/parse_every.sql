create or replace function rota_core.parse_every(value text)
returns interval
language plpgsql
immutable
strict
set search_path = pg_catalog, pg_temp
as $$
declare
  v_every interval;
begin
  begin
    v_every := value::interval;
  exception
    when invalid_datetime_format or datetime_field_overflow or interval_field_overflow then
      v_every := null;
  end;

  if v_every is null
    or v_every < interval '1 second'
    or extract(year from v_every) <> 0
    or extract(month from v_every) <> 0
  then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('cron expression "@every %s" has no usable interval', btrim(value)),
      detail = 'An interval of at least 1 second, in weeks or shorter units.',
      hint = 'Write @every 10 seconds, @every 1h30m, or @monthly for months.';
  end if;
  -- Pure seconds, so that adding it never depends on the session's time zone.
  return make_interval(secs => extract(epoch from v_every)::float8);
end;
$$;

comment on function rota_core.parse_every(text) is
$doc$The interval of an @every expression in hours, minutes and seconds; 22023 when it is
unusable.$doc$;

revoke all on function rota_core.parse_every(text) from public;
