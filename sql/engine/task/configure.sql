create or replace function rota.configure(setting text, value text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if setting is null or setting not in (
    'history_keep', 'log_keep', 'key_keep', 'slot_keep', 'event_keep', 'event_max_size'
  ) then
    raise exception using
      errcode = 'undefined_object',
      message = format('setting %s does not exist', quote_nullable(setting)),
      hint = 'Settings are history_keep, log_keep, key_keep, slot_keep, event_keep and '
        'event_max_size.';
  end if;

  if setting = 'event_max_size' then
    if value is null or (value <> 'none' and rota_core.parse_size(value) is null) then
      raise exception using
        errcode = 'invalid_parameter_value',
        message = format('event_max_size must be a size of at least 1 MB or none, not %s',
          quote_nullable(value)),
        hint = 'select rota.configure(''event_max_size'', ''10 GB'');';
    end if;
  elsif rota_core.parse_keep(value) is null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('%s must be a length from 1 day to 100 years, not %s', setting,
        quote_nullable(value)),
      hint = format('select rota.configure(%L, ''90 days'');', setting);
  end if;

  insert into rota_core.setting as s (name, value)
  values (configure.setting, configure.value)
  on conflict (name) do update set value = excluded.value;
end;
$$;

comment on function rota.configure(text, text) is
$doc$Change how long rota keeps its own records, and how large the event log may grow.

- setting: `history_keep` finished runs, attempts and missed deadlines (default 90 days), `log_keep`
  log lines (30 days), `key_keep` idempotency keys (90 days), `slot_keep` fired slots (90 days),
  `event_keep` events that every subscription has read (7 days), `event_max_size` of the event log
  (none).
- value: a length from 1 day to 100 years, such as `180 days`. For event_max_size a size such as
  `10 GB`, or `none`: when the log is larger, its oldest days go before event_keep is over, and a
  subscription that has not read them for more than its max_lag is paused and lets go of them.

Raises 42704 for an unknown setting, 22023 for a bad length or size.
For: rota_admin.$doc$;

revoke all on function rota.configure(text, text) from public;
grant execute on function rota.configure(text, text) to rota_admin;
