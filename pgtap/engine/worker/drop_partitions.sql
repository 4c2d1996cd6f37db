begin;
select plan(8);

-- given: a clock that stands in 2099, history of the weeks before
select test.set_clock('2099-06-15 12:00+00');
select rota_core.make_partition(t.name, w.week, w.week + interval '1 week')
from unnest('{log,attempt,finished_run}'::text[]) as t (name),
  generate_series('2099-03-02 00:00+00', '2099-06-08 00:00+00', interval '1 week') as w (week);
set local timezone = 'UTC';

create temp view part as
select c.relname as parent, min(p.relname::text) as oldest
from pg_inherits as i
join pg_class as c on c.oid = i.inhparent
join pg_class as p on p.oid = i.inhrelid
where p.relname ~ '_p2099\d{4}$' and c.relnamespace = 'rota_core'::regnamespace
group by c.relname;

select is(
  test.callers('rota_core.drop_partitions'), '{rota_worker}',
  'the supervisor may call it, and nobody else'
);

set local role rota_worker;
select cmp_ok(rota_core.drop_partitions(), '>', 0, 'old partitions are dropped');
select is(rota_core.drop_partitions(), 0, 'once');
reset role;
select is(
  (select string_agg(p.oldest, ' ' order by p.oldest) from part as p),
  'attempt_p20990316 finished_run_p20990316 log_p20990511',
  'runs and attempts are kept 90 days, log lines 30: what a week holds of them stays whole'
);
select is_empty(
  $$select p.relname from pg_class as p
    where p.relnamespace = 'rota_core'::regnamespace and p.relname like '%\_p20990302'$$,
  'nothing is left of them, detached'
);
select rota.configure('history_keep', '30 days');
select rota.configure('log_keep', '1 day');
set local role rota_worker;
select cmp_ok(rota_core.drop_partitions(), '>', 0, 'when less is to be kept, more is dropped');
reset role;
select is(
  (select string_agg(p.oldest, ' ' order by p.oldest) from part as p),
  'attempt_p20990511 finished_run_p20990511 log_p20990608',
  'as configured'
);
select is(
  to_regclass('rota_core.log_default')::text, 'rota_core.log_default',
  'the default partition stays'
);

select * from finish();
rollback;
