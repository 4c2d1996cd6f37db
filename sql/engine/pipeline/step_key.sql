create or replace function rota_core.step_key(run_id bigint, step text, round int, element int)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select concat_ws(':', step_key.run_id, step_key.step, step_key.element,
    case when step_key.round > 1 then 'again' || step_key.round end);
$$;

comment on function rota_core.step_key(bigint, text, int, int) is
$doc$The idempotency key of a step's run: the same for every attempt and retry, another one when the
step is done anew.$doc$;

revoke all on function rota_core.step_key(bigint, text, int, int) from public;
