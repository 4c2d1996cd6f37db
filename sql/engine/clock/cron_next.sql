create or replace function rota.cron_next(
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
      message = format('%s needs a moment, not %s', 'cron_next', at),
      hint = 'Pass now() or a timestamp with time zone.';
  end if;
  return rota_core.next_instant(rota_core.parse_cron(expression), at, timezone);
end;
$$;

comment on function rota.cron_next(text, timestamptz, text) is
$doc$The first moment strictly after `at` at which a cron expression fires.

Five fields with names, ranges, steps and lists; 7 is Sunday as 0 is; `L` the last day of a month,
`LW` its last weekday, `5L` or `friL` its last Friday, `1#2` its second Monday; `@hourly @daily
@midnight @weekly @monthly @yearly @annually`; `@every 10 seconds`, counted from 1970. Days as in
Debian's cron: where neither day field begins with a star, either will do. Daylight saving
likewise: a fixed time in a missing hour happens at the first minute after it, in a doubled hour
once; expressions whose minute or hour begins with a star follow real time.

Null when an argument is null. Raises 22023 for an expression that is malformed or can never
match, and for an unknown time zone.
For: rota_admin, rota_app, rota_monitor, rota_reader, rota_worker.$doc$;

revoke all on function rota.cron_next(text, timestamptz, text) from public;
grant execute on function rota.cron_next(text, timestamptz, text)
to rota_admin, rota_app, rota_worker, rota_monitor, rota_reader;
