create schema if not exists template_schema;

comment on schema template_schema is 'template_title';

-- Workers run handlers as rota_worker, unless their task says run_as.
grant usage on schema template_schema to rota_worker;
