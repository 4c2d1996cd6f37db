create or replace function rota_core.check_timezone(timezone text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- AT TIME ZONE also takes abbreviations without daylight saving and made-up POSIX rules such as
  -- Berlin+1. The list of zones tells, but reading it takes 100 ms.
  if timezone = 'UTC'
    or timezone ~ '^(Etc/[A-Za-z0-9+-]+|[A-Za-z_]+(/[A-Za-z_-]+)+)$'
    and (timestamptz 'epoch' at time zone timezone) is not null
    or exists (select from pg_timezone_names as z where z.name = check_timezone.timezone)
    -- Of CET it takes the abbreviation, although there is a zone of that name.
    and (timezone in ('GMT', 'UCT', 'Zulu') or not exists (
      select from pg_timezone_abbrevs as a where a.abbrev = upper(check_timezone.timezone)
    ))
  then
    return;
  end if;
  raise invalid_parameter_value;
exception
  when invalid_parameter_value then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('time zone %s is not known', quote_nullable(timezone)),
      hint = 'Use a name from: select name from pg_timezone_names order by 1;'
        || ' such as UTC or Europe/Berlin.';
end;
$$;

comment on function rota_core.check_timezone(text) is
$doc$Refuses, with 22023, what is not the name of a time zone.$doc$;

revoke all on function rota_core.check_timezone(text) from public;
