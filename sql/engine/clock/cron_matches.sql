create or replace function rota.cron_matches(
  expression text, at timestamptz, timezone text default 'UTC'
)
returns boolean
language plpgsql
immutable
strict
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_form constant rota_core.cron_form := rota_core.parse_cron(expression);
  v_slot constant timestamptz :=
    date_trunc(case when v_form.every is null then 'minute' else 'second' end, at, timezone);
begin
  return isfinite(at)
    and rota_core.next_instant(v_form, v_slot - interval '1 microsecond', timezone) = v_slot;
end;
$$;

comment on function rota.cron_matches(text, timestamptz, text) is
$doc$Whether a cron expression fires in the minute of `at` (for @every: in its second).

Expressions and daylight saving as in rota.cron_next. Raises 22023 as that does.
For: rota_admin, rota_app, rota_monitor, rota_reader, rota_worker.$doc$;

revoke all on function rota.cron_matches(text, timestamptz, text) from public;
grant execute on function rota.cron_matches(text, timestamptz, text)
to rota_admin, rota_app, rota_worker, rota_monitor, rota_reader;
