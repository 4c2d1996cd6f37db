create or replace function rota.configure(setting text, value text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if setting is null or setting not in (
    'history_keep', 'log_keep', 'key_keep', 'slot_keep', 'cron_keep', 'cron_policy'
  ) then
    raise exception using
      errcode = 'undefined_object',
      message = format('setting %s does not exist', quote_nullable(setting)),
      hint = 'Settings are history_keep, log_keep, key_keep, slot_keep, cron_keep and cron_policy.';
  end if;

  if setting <> 'cron_policy' then
    perform rota_core.check_keep(setting, value);
  elsif (value in ('repair', 'report')) is not true then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('cron_policy is repair or report, not %s', quote_nullable(value)),
      hint = 'select rota.configure(''cron_policy'', ''report'');';
  end if;

  insert into rota_core.setting as s (name, value)
  values (configure.setting, configure.value)
  on conflict (name) do update set value = excluded.value;
end;
$$;

comment on function rota.configure(text, text) is
$doc$Change how long rota keeps its own records, and what it does about its jobs in cron.job.

- setting: `history_keep` finished runs, attempts and missed deadlines (default 90 days), `log_keep`
  log lines (30 days), `key_keep` idempotency keys (90 days), `slot_keep` fired slots (90 days),
  `cron_keep` what pg_cron keeps of our jobs in cron.job_run_details (7 days): each a length from 1
  day to 100 years. `cron_policy`: what others did to our jobs in cron.job is put right within a
  minute and logged (`repair`, the default), or left and shown in rota.health (`report`).
- value: such as `180 days`, or `report`.

Raises 42704 for an unknown setting, 22023 for a bad value.
For: rota_admin.$doc$;

revoke all on function rota.configure(text, text) from public;
grant execute on function rota.configure(text, text) to rota_admin;
