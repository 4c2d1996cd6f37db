begin;
select plan(5);

select is(test.callers('rota.work'), '{rota_worker}', 'workers work, and nobody else');

-- It commits, so that here it can only be refused; tests/ has the rest.
set local role rota_app;
select throws_ok(
  'call rota.work()', '42501', 'permission denied for procedure work',
  'an application is refused'
);
set local role rota_worker;
select throws_ok(
  'call rota.work(lane => ''nowhere'')', '42704', 'lane ''nowhere'' does not exist',
  'an unknown lane is refused'
);
select throws_ok(
  'call rota.work(budget => ''1 ms'')', '2D000', 'invalid transaction termination',
  'inside a transaction it is refused'
);
reset role;
select is_empty('select from rota_core.worker', 'after the refusals there is no worker');

select * from finish();
rollback;
