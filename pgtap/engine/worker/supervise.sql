begin;
select plan(4);

select is(test.callers('rota.supervise'), '{rota_worker}', 'workers supervise, and nobody else');

-- It commits, so that here it can only be refused; tests/ has the rest.
set local role rota_app;
select throws_ok(
  'call rota.supervise()', '42501', 'permission denied for procedure supervise',
  'an application is refused'
);
set local role rota_worker;
select throws_ok(
  'call rota.supervise(budget => ''1 ms'')', '2D000', 'invalid transaction termination',
  'inside a transaction it is refused'
);
reset role;
select is_empty('select from rota_core.worker', 'after the refusals there is no worker');

select * from finish();
rollback;
