create or replace function rota_core.refuse_rule(
  place text, condition text, value jsonb, allowed text
)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'invalid_parameter_value',
    message = format('%s: %s does not take %s', place, condition, coalesce(value::text, 'null')),
    hint = allowed;
end;
$$;

comment on function rota_core.refuse_rule(text, text, jsonb, text) is
$doc$Refuses, with 22023, a value in a calendar's rule, and says what is allowed.$doc$;

revoke all on function rota_core.refuse_rule(text, text, jsonb, text) from public;
