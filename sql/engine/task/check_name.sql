create or replace function rota_core.check_name(kind text, name text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if check_name.name is null or check_name.name !~ '^\w[\w.:/-]{0,62}$'
    -- These are rota's own.
    or kind = 'task' and starts_with(name, 'subscription:')
  then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format(
        '%s name %s is not usable', check_name.kind,
        coalesce(quote_literal(left(check_name.name, 80)), 'null')
      ),
      hint = 'Use 1 to 63 letters, digits, and _ - . : /, such as send-report.';
  end if;

  if kind = 'lane' and name = 'pg_cron' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'lane name ''pg_cron'' is taken',
      detail = 'It stands in history for the commands of schedules, which pg_cron runs itself.',
      hint = 'Use another name, such as cron.';
  end if;
end;
$$;

comment on function rota_core.check_name(text, text) is
$doc$Refuses, with 22023, a name that would not be readable everywhere a name appears, and the
lane pg_cron, which means commands that pg_cron has run.$doc$;

revoke all on function rota_core.check_name(text, text) from public;
