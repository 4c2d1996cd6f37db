create or replace function rota.configure(setting text, value text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if setting is null or setting not in (
    'history_keep', 'log_keep', 'key_keep', 'slot_keep', 'cron_keep', 'cron_policy', 'event_keep',
    'event_max_size'
  ) then
    raise exception using
      errcode = 'undefined_object',
      message = format('setting %s does not exist', quote_nullable(setting)),
      hint = 'Settings are history_keep, log_keep, key_keep, slot_keep, cron_keep, cron_policy, '
        'event_keep and event_max_size.';
  end if;

  if setting = 'event_max_size' then
    if value is null or (value <> 'none' and rota_core.parse_size(value) is null) then
      raise exception using
        errcode = 'invalid_parameter_value',
        message = format('event_max_size must be a size of at least 1 MB or none, not %s',
          quote_nullable(value)),
        hint = 'select rota.configure(''event_max_size'', ''10 GB'');';
    end if;
  elsif setting <> 'cron_policy' then
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
$doc$Change how long rota keeps its own records, how large the event log may grow, and what is done
about rota's jobs in cron.job.

- setting: `history_keep` finished runs, attempts and missed deadlines (default 90 days), `log_keep`
  log lines (30 days), `key_keep` idempotency keys (90 days), `slot_keep` fired slots (90 days),
  `event_keep` events that every subscription has read (7 days), `cron_keep` what pg_cron keeps of
  our jobs in cron.job_run_details (7 days): each a length from 1 day to 100 years.
- `event_max_size`: of the event log, a size such as `10 GB`, or `none`, the default. When the log
  is larger, its oldest days go before event_keep is over, and a subscription that has not read them
  for more than its max_lag is paused and lets go of them.
- `cron_policy`: what others did to our jobs in cron.job is put right within a minute and logged
  (`repair`, the default), or left and shown in rota.health (`report`).

Raises 42704 for an unknown setting, 22023 for a bad value.
For: rota_admin.$doc$;

revoke all on function rota.configure(text, text) from public;
grant execute on function rota.configure(text, text) to rota_admin;
