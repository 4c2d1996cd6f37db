create or replace function rota_core.command_error(message text)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  -- The part that shows where in the command it was is left out: history has the command.
  v_parts constant text[] := regexp_split_to_array(
    btrim(coalesce(message, ''), E' \n'), $re$\s*\n(?=[[:upper:]]+(?: \d+)?: )$re$
  );
  v_error jsonb;
begin
  select jsonb_object_agg(lower(m.part[1]), m.part[2])
  into v_error
  from unnest(v_parts[2:]) as p (part)
  cross join lateral regexp_match(p.part, '^(DETAIL|HINT|CONTEXT): +(.*)$') as m (part)
  where m.part is not null;

  return rota_core.error_json(
    null, coalesce(nullif(regexp_replace(v_parts[1], '^[[:upper:]]+: +', ''), ''), 'it failed'),
    v_error ->> 'detail', v_error ->> 'hint', v_error ->> 'context'
  );
end;
$$;

comment on function rota_core.command_error(text) is
$doc$An error as history keeps it, from pg_cron's return_message. That has no sqlstate.$doc$;

revoke all on function rota_core.command_error(text) from public;
