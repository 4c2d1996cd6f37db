begin;
select plan(8);

-- who may call it
select function_privs_are(
  'rota_core', 'health_server', array[]::text[], 'rota_reader', array['EXECUTE'],
  'a reader may call it'
);
select function_privs_are(
  'rota_core', 'health_server', array[]::text[], 'public', array[]::text[], 'nobody else may'
);

-- the deed
select is(test.health('writes'), 'ok: workers may write', 'workers may write');
select is(test.health('sight of workers'), 'ok: the server shows what they do', 'they are seen');
select matches(
  test.health('free connections'), '^ok: \d+ of \d+ are taken$', 'there are connections'
);

alter role rota_worker set default_transaction_read_only = on;
select is(
  test.health('writes'),
  'critical: sessions of rota_worker are read-only (default_transaction_read_only), so nothing is '
  'started',
  'a read-only role is named'
);
do $$
begin
  execute format('alter role rota_worker in database %I set default_transaction_read_only = off',
    current_database());
end $$;
select is(
  test.health('writes'), 'ok: workers may write', 'the setting for this database overrules it'
);

alter role rota_worker set track_activities = off;
select matches(
  test.health('sight of workers'), '^critical: track_activities is off', 'unseen workers look dead'
);

select * from finish();
rollback;
