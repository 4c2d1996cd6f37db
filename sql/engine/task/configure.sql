create or replace function rota.configure(setting text, value text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_length interval;
begin
  if setting is null or setting not in ('history_keep', 'log_keep', 'key_keep', 'slot_keep') then
    raise exception using
      errcode = 'undefined_object',
      message = format('setting %s does not exist', quote_nullable(setting)),
      hint = 'Settings are history_keep, log_keep, key_keep and slot_keep.';
  end if;

  begin
    v_length := value::interval;
  exception
    when invalid_datetime_format or datetime_field_overflow or interval_field_overflow then
      v_length := null;
  end;
  if v_length is null or v_length not between interval '1 day' and interval '100 years' then
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
$doc$Change how long rota keeps its own records.

- setting: `history_keep` finished runs, attempts and missed deadlines (default 90 days), `log_keep`
  log lines (30 days), `key_keep` idempotency keys (90 days), `slot_keep` fired slots (90 days).
- value: a length from 1 day to 100 years, such as `180 days`.

Raises 42704 for an unknown setting, 22023 for a bad length.
For: rota_admin.$doc$;

revoke all on function rota.configure(text, text) from public;
grant execute on function rota.configure(text, text) to rota_admin;
