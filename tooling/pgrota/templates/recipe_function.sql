-- requires: template_function/schema.sql

create or replace function template_schema.handle(input jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rota.log('info', 'template-name was started', handle.input);
  return jsonb_build_object();
end;
$$;

comment on function template_schema.handle(jsonb) is
'The handler of the task `template-name`.';

revoke all on function template_schema.handle(jsonb) from public;
grant execute on function template_schema.handle(jsonb) to rota_worker;
