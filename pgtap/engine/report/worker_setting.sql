begin;
select plan(6);

-- who may call it
select function_privs_are(
  'rota_core', 'worker_setting', array['text'], 'rota_reader', array[]::text[],
  'the functions of health alone call it'
);

-- the deed
select is(
  rota_core.worker_setting('max_connections'), current_setting('max_connections'),
  'what the server is configured to'
);
set local geqo_seed = 0.5;
select is(
  rota_core.worker_setting('geqo_seed'), null, 'what this session has says nothing about workers'
);
do $$
begin
  execute format('alter database %I set geqo_seed = 0.1', current_database());
end $$;
select is(rota_core.worker_setting('geqo_seed'), '0.1', 'of the database');
alter role rota_worker set geqo_seed = 0.2;
select is(rota_core.worker_setting('geqo_seed'), '0.2', 'of the role rather than the database');
do $$
begin
  execute format('alter role rota_worker in database %I set geqo_seed = 0.3', current_database());
end $$;
select is(rota_core.worker_setting('geqo_seed'), '0.3', 'of both rather than either');

select * from finish();
rollback;
