create or replace function rota_core.refuse_step(pipeline text, step text, wrong text, hint text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'invalid_parameter_value',
    message = format('step %s of pipeline %s: %s', step, pipeline, wrong),
    hint = refuse_step.hint;
end;
$$;

comment on function rota_core.refuse_step(text, text, text, text) is
$doc$Raises 22023 for a step that cannot be.$doc$;

revoke all on function rota_core.refuse_step(text, text, text, text) from public;
