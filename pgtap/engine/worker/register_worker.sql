begin;
select plan(12);

-- given: a still clock and two workers
select test.set_clock('2026-01-01 12:00+00');
select test.make_workers();

select is(
  test.callers('rota_core.register_worker'), '{rota_worker}', 'workers register, and nobody else'
);

set local role rota_worker;

-- refusals
select is(
  test.refusal('select rota_core.register_worker(''worker'', ''nowhere'', null)'),
  '42704 lane ''nowhere'' does not exist; select rota.define_lane(''nowhere'');',
  'an unknown lane is refused'
);
select is(
  test.refusal('select rota_core.register_worker(''worker'', null, null)'),
  '42704 lane NULL does not exist; select rota.define_lane(NULL);', 'so is none'
);

-- the deed
create temp table id as
select rota_core.register_worker('worker', 'default', '2026-01-01 11:00+00') as worker_id;
reset role;
select results_eq(
  $$select w.kind, w.lane, w.pid = pg_backend_pid(), w.backend_start, w.role = 'rota_worker',
      w.started_at, w.seen_at, w.ended_at
    from rota_core.worker as w join id using (worker_id)$$,
  $$values ('worker', 'default', true, timestamptz '2026-01-01 11:00+00', true,
    timestamptz '2026-01-01 12:00+00', timestamptz '2026-01-01 12:00+00', null::timestamptz)$$,
  'a worker is on record'
);
select isnt(
  rota_core.register_worker('supervisor', null, null), null, 'a supervisor needs no lane'
);
select is(
  (select w.outcome from rota_core.worker as w, id where w.worker_id = id.worker_id), 'lost',
  'whoever comes next on the same backend declares the one before lost'
);
select is(
  (select w.outcome from rota_core.worker as w where w.worker_id = -1), null, 'and nobody else'
);

-- signs of life
select is(rota_core.see_worker(-1), true, 'a worker that is there may stay');
select throws_ok(
  format('select rota_core.see_worker(%s)', id.worker_id), 'RT003',
  format('worker %s was declared lost', id.worker_id), 'one that is lost may not'
)
from id;
insert into rota_core.setting (name, value) values ('draining', '2026-01-01 12:01+00')
on conflict (name) do update set value = excluded.value;
select is(rota_core.see_worker(-1), false, 'during an upgrade it is asked to leave');
select is(
  rota_core.register_worker('worker', 'default', null), null, 'and no other registers'
);
update rota_core.setting set value = '2026-01-01 11:59+00' where name = 'draining';
select isnt(
  rota_core.register_worker('worker', 'default', null), null,
  'an upgrade that died is over at its time'
);

select * from finish();
rollback;
