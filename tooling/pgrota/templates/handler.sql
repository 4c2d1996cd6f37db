create or replace function template_schema.template_function(input jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- The work stands here. Its effects and the outcome of the run commit together.
  perform rota.log('info', 'template-name was started', template_function.input);
  return jsonb_build_object();
end;
$$;

comment on function template_schema.template_function(jsonb) is
'The handler of the task `template-name`.';

revoke all on function template_schema.template_function(jsonb) from public;
grant execute on function template_schema.template_function(jsonb) to rota_worker;
