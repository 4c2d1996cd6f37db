create or replace function rota_core.is_plain_cron(expression text)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_form constant rota_core.cron_form := rota_core.parse_cron(expression);
begin
  return v_form.every is null
    and not 31 < any(v_form.days)
    and not 6 < any(v_form.weekdays);
end;
$$;

comment on function rota_core.is_plain_cron(text) is
$doc$Whether pg_cron can express these times exactly, in UTC.$doc$;

revoke all on function rota_core.is_plain_cron(text) from public;
