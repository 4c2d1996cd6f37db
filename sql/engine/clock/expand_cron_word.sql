create or replace function rota_core.expand_cron_word(word text)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_fields text := case word
    when '@hourly' then '0 * * * *'
    when '@daily' then '0 0 * * *'
    when '@midnight' then '0 0 * * *'
    when '@weekly' then '0 0 * * 0'
    when '@monthly' then '0 0 1 * *'
    when '@yearly' then '0 0 1 1 *'
    when '@annually' then '0 0 1 1 *'
  end;
begin
  if v_fields is null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('cron expression "%s" is not known', word),
      detail = 'Known are @hourly @daily @midnight @weekly @monthly @yearly @annually'
        || ' and @every followed by an interval.',
      hint = 'Write five fields, such as 30 3 * * *, or @every 10 seconds.';
  end if;
  return v_fields;
end;
$$;

comment on function rota_core.expand_cron_word(text) is
$doc$The five fields that @hourly, @daily and the like stand for; 22023 for other words.$doc$;

revoke all on function rota_core.expand_cron_word(text) from public;
