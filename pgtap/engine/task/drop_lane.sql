begin;
select plan(8);

-- given: a lane that is used and one that is not
create schema app;
grant usage on schema app to rota_worker;
create function app.tidy() returns void language sql as $$ select $$;
select rota.define_task('tidy', 'app.tidy', lane => 'used');
select rota.define_task('also', 'app.tidy', lane => 'used');
select rota.define_lane('unused');
select rota.pause('lane', 'unused');

create function pg_temp.refusal(statement text) returns text
language plpgsql as $$
declare v_hint text;
begin
  execute statement;
  return 'done';
exception when others then
  get stacked diagnostics v_hint = pg_exception_hint;
  return format('%s %s; %s', sqlstate, sqlerrm, v_hint);
end;
$$;

select results_eq(
  $$select r.role
    from unnest('{public,rota_admin,rota_app,rota_monitor,rota_reader,rota_worker}'::text[])
      as r (role)
    where has_function_privilege(r.role, 'rota.drop_lane'::regproc, 'execute')$$,
  $$values ('rota_admin')$$,
  'an administrator may drop a lane, and nobody else'
);

set local role rota_admin;

-- refusals
select is(
  pg_temp.refusal('select rota.drop_lane(''nowhere'')'),
  '42704 lane ''nowhere'' does not exist; See what exists: select distinct lane from rota.tasks;',
  'an unknown lane is refused'
);
select throws_ok(
  'select rota.drop_lane(null)', '42704', 'lane NULL does not exist', 'so is none'
);
select is(
  pg_temp.refusal('select rota.drop_lane(''default'')'),
  '22023 lane default cannot be dropped; select rota.define_lane(''default'', workers => 0);',
  'the default lane stays'
);
select is(
  pg_temp.refusal('select rota.drop_lane(''used'')'),
  'RT002 lane used is still used; Define those tasks with another lane first.',
  'a lane that tasks use is refused'
);

-- the deed
select lives_ok('select rota.drop_lane(''unused'')', 'one that none uses is dropped');
reset role;
select results_eq(
  'select l.lane from rota_core.lane as l order by l.lane', $$values ('default'), ('used')$$,
  'and is gone'
);
select is_empty('select from rota_core.pause', 'with its pause');

select * from finish();
rollback;
