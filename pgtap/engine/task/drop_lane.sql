begin;
select plan(8);

-- given: a lane that is used and one that is not
select rota.define_task('tidy', 'test.f', lane => 'used');
select rota.define_task('also', 'test.f', lane => 'used');
select rota.define_lane('unused');
select rota.pause('lane', 'unused');

select is(
  test.callers('rota.drop_lane'), '{rota_admin}',
  'an administrator may drop a lane, and nobody else'
);

set local role rota_admin;

-- refusals
select is(
  test.refusal('select rota.drop_lane(''nowhere'')'),
  '42704 lane ''nowhere'' does not exist; See what exists: select distinct lane from rota.tasks;',
  'an unknown lane is refused'
);
select throws_ok(
  'select rota.drop_lane(null)', '42704', 'lane NULL does not exist', 'so is none'
);
select is(
  test.refusal('select rota.drop_lane(''default'')'),
  '22023 lane default cannot be dropped; select rota.define_lane(''default'', workers => 0);',
  'the default lane stays'
);
select is(
  test.refusal('select rota.drop_lane(''used'')'),
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
