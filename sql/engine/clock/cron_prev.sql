create or replace function rota.cron_prev(
  expression text, at timestamptz, timezone text default 'UTC'
)
returns timestamptz
language plpgsql
immutable
strict
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not isfinite(at) then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('%s needs a moment, not %s', 'cron_prev', at),
      hint = 'Pass now() or a timestamp with time zone.';
  end if;
  return rota_core.prev_instant(rota_core.parse_cron(expression), at, timezone);
end;
$$;

comment on function rota.cron_prev(text, timestamptz, text) is
$doc$The last moment strictly before `at` at which a cron expression fires.

Expressions and daylight saving as in rota.cron_next. Raises 22023 as that does.
For: rota_admin, rota_app, rota_monitor, rota_reader, rota_worker.$doc$;

revoke all on function rota.cron_prev(text, timestamptz, text) from public;
grant execute on function rota.cron_prev(text, timestamptz, text)
to rota_admin, rota_app, rota_worker, rota_monitor, rota_reader;
