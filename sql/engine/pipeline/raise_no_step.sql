create or replace function rota_core.raise_no_step(run_id bigint, step text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_steps text;
begin
  select string_agg(s.step, ', ' order by s.step)
  into v_steps
  from rota_core.run_step as s
  where s.run_id = raise_no_step.run_id;
  raise exception using
    errcode = case when v_steps is null then 'invalid_parameter_value' else 'undefined_object' end,
    message = case when v_steps is null then format('run %s has no steps', run_id)
      else format('run %s has no step %s', run_id, quote_nullable(left(step, 80))) end,
    hint = coalesce('Its steps are ' || v_steps || '.', format('select rota.retry(%s);', run_id));
end;
$$;

comment on function rota_core.raise_no_step(bigint, text) is
$doc$Raises 42704 for a step that a run does not have, 22023 where the run has none at all.$doc$;

revoke all on function rota_core.raise_no_step(bigint, text) from public;
