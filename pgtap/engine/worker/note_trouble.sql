begin;
select plan(4);

-- given: a clock that can be set
create temp table clock as select timestamptz '2026-01-01 12:00+00' as at;
grant select on clock to public;
create or replace function rota_core.wall_clock() returns timestamptz
language sql as $$ select c.at from pg_temp.clock as c $$;

select results_eq(
  $$select r.role
    from unnest('{public,rota_admin,rota_app,rota_monitor,rota_reader,rota_worker}'::text[])
      as r (role)
    where has_function_privilege(r.role, 'rota_core.note_trouble'::regproc, 'execute')$$,
  $$values ('rota_worker')$$,
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
update clock set at = at + interval '59 s';
select rota_core.note_trouble('tend', '22012', 'division by zero');
select is((select count(*) from rota_core.log), 3::bigint, 'the same within a minute is not');
update clock set at = at + interval '2 s';
select rota_core.note_trouble('tend', '22012', 'division by zero');
select is((select count(*) from rota_core.log), 4::bigint, 'a minute later it is again');

select * from finish();
rollback;
