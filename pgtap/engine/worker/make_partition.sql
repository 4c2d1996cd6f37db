begin;
select plan(9);

-- given: a week far away, and rows that came before its partition
insert into rota_core.log (at, level, message, context)
values
  ('2099-01-04 23:59:59.999999+00', 'info', 'before', '{}'),
  ('2099-01-05 00:00+00', 'info', 'first', '{}'),
  ('2099-01-11 23:59:59.999999+00', 'info', 'last', '{}'),
  ('2099-01-12 00:00+00', 'info', 'after', '{}');
create temp table numbers as
select l.message, l.log_id
from rota_core.log as l where l.at > '2099-01-01';
set local timezone = 'Pacific/Kiritimati';

select is(test.callers('rota_core.make_partition'), '{}', 'it is internal');

select is(
  rota_core.make_partition('log', '2099-01-05 00:00+00', '2099-01-12 00:00+00'), 1, 'it is made'
);
select is(
  rota_core.make_partition('log', '2099-01-05 00:00+00', '2099-01-12 00:00+00'), 0, 'once'
);
select results_eq(
  $$select l.message, l.tableoid::regclass::text from rota_core.log as l
    where l.at > '2099-01-01' order by l.at$$,
  $$values
    ('before', 'rota_core.log_default'), ('first', 'rota_core.log_p20990105'),
    ('last', 'rota_core.log_p20990105'), ('after', 'rota_core.log_default')$$,
  'the rows of its week moved there, named by the day it begins in UTC'
);
select results_eq(
  $$select l.message, l.log_id from rota_core.log as l
    where l.at > '2099-01-01' order by l.log_id$$,
  'select n.message, n.log_id from numbers as n order by n.log_id',
  'with the numbers they had'
);
insert into rota_core.log (at, level, message, context)
values ('2099-01-07 00:00+00', 'info', 'new', '{}');
select results_eq(
  $$select l.tableoid::regclass::text from rota_core.log as l where l.message = 'new'$$,
  $$values ('rota_core.log_p20990105')$$,
  'new rows go there'
);
select is(
  rota_core.make_partition(t.name, '2099-01-05 00:00+00', '2099-01-12 00:00+00'), 1,
  format('%s has partitions too', t.name)
)
from unnest('{finished_run,attempt}'::text[]) as t (name);
select throws_ok(
  $$insert into rota_core.finished_run_p20990105 (run_id, task, lane, state, priority, run_at,
      input, attempt, charged, finished_at, created_at, created_by, tags)
    values (1, 't', 'l', 'queued', 0, 'epoch', '{}', 1, 1, '2099-01-05', 'epoch', 'x', '{}')$$,
  '23514', null, 'they have the constraints of the whole'
);
select * from finish();
rollback;
