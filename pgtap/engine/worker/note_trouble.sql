begin;
select plan(4);

-- given: a clock that can be set
select test.set_clock('2026-01-01 12:00+00');

select is(
  test.callers('rota_core.note_trouble'), '{rota_worker}',
  'the supervisor may call it, and nobody else'
);

set local role rota_worker;
select rota_core.note_trouble('fire_due', '22012', 'division by zero');
select rota_core.note_trouble('fire_due', '22012', 'division by zero');
select rota_core.note_trouble('fire_due', '40P01', 'deadlock detected');
select rota_core.note_trouble('tend', '22012', 'division by zero');
reset role;
select results_eq(
  'select l.level, l.component, l.message from rota.logs as l order by l.log_id',
  $$values
    ('error', 'rota', 'supervisor: fire_due failed: division by zero'),
    ('error', 'rota', 'supervisor: fire_due failed: deadlock detected'),
    ('error', 'rota', 'supervisor: tend failed: division by zero')$$,
  'each trouble of each duty is worth a line'
);
select test.pass('59 s');
select rota_core.note_trouble('tend', '22012', 'division by zero');
select is((select count(*) from rota_core.log), 3::bigint, 'the same within a minute is not');
select test.pass('2 s');
select rota_core.note_trouble('tend', '22012', 'division by zero');
select is((select count(*) from rota_core.log), 4::bigint, 'a minute later it is again');

select * from finish();
rollback;
