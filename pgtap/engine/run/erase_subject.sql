begin;
select plan(14);

-- given: a still clock; runs about two people in every state, with traces everywhere
select test.set_clock('2026-01-01 12:00+00');
select rota.define_task('mail', 'test.echo');
select rota.start(
  'mail', '{"to": "ann"}', key => u.tag || s.n, tags => array['other', u.tag]
)
from unnest('{user:1,user:2}'::text[]) as u (tag), generate_series(1, 4) as s (n);
create temp table run as
select r.run_id, r.tags[2] as tag, row_number() over (partition by r.tags[2] order by r.run_id) as n
from rota_core.run as r;
grant select on run to public;
select rota_core.finish_runs(
  array(select r.run_id from run as r where r.n = 1), 'queued', 'failed'
);
select rota_core.finish_runs(
  array(select r.run_id from run as r where r.n = 2), 'queued', 'cancelled'
);
update rota_core.run as r set state = 'running', worker_id = 1 from run as n
where n.run_id = r.run_id and n.n = 3;
update rota_core.finished_run
set output = '"ann"', checkpoint = '"ann"', progress = '"ann"', error = '{"message": "ann"}';
insert into rota_core.attempt (run_id, task, attempt, outcome, charged, finished_at, error)
select r.run_id, 'mail', 1, 'failed', true, 'epoch', '{"message": "ann"}'
from run as r;
insert into rota_core.log (at, level, message, context, run_id)
select 'epoch', 'info', 'mailed ann', '{}', r.run_id
from run as r;
insert into rota_core.artifact (run_id, name, media_type, content, created_at, created_by)
select r.run_id, 'mail', 'text/plain', 'to ann', 'epoch', 'rota_worker'
from run as r;

select is(
  test.callers('rota.erase_subject'), '{rota_admin}', 'an administrator may erase, and nobody else'
);

set local role rota_admin;

-- refusals
select is(
  test.refusal(format('select rota.erase_subject(%L)', t.tag)),
  '22023 tag must name the subject; Start runs with tags => ''{user:42}'', then: '
  'select rota.erase_subject(''user:42'');',
  format('a subject is needed, not %L', t.tag)
)
from unnest(array['', null]) as t (tag);

-- the deed
select is(rota.erase_subject('user:404'), 0::bigint, 'of nobody there is nothing');
select is(rota.erase_subject('user:1'), 3::bigint, 'what has ended or is queued is erased');
reset role;
select results_eq(
  $$select f.state, f.input, f.redacted from rota_core.finished_run as f where f.tags @> '{user:1}'
    order by f.run_id$$,
  $$values
    ('failed', '{}'::jsonb, true), ('cancelled', '{}', true), ('cancelled', '{}', true)$$,
  'that there was a run stays'
);
select is_empty(
  $$select r.run_id
    from run as r
    left join rota_core.finished_run as f on f.run_id = r.run_id
    left join rota_core.attempt as a on a.run_id = r.run_id
    left join rota_core.log as l on l.run_id = r.run_id
    where r.tag = 'user:1' and r.n <> 3 and concat(f::text, a::text, l::text) like '%ann%'$$,
  'the name is nowhere any more'
);
select results_eq(
  $$select k.key from rota_core.run_key as k where k.key like 'user:1%'$$,
  $$values ('user:13')$$,
  'nor are the keys'
);
select results_eq(
  $$select r.input from rota_core.run as r where r.tags @> '{user:1}'$$,
  $$values ('{"to": "ann"}'::jsonb)$$,
  'a run that is running keeps its data until it has ended'
);
select results_eq(
  $$select count(*) from rota_core.finished_run as f where f.tags @> '{user:2}' and not f.redacted
    union all
    select count(*) from rota_core.log$$,
  'values (2::bigint), (5::bigint)',
  'of the other person all is there'
);
select results_eq(
  $$select n.tag, n.n from rota_core.artifact as a join run as n on n.run_id = a.run_id
    order by n.tag, n.n$$,
  $$values
    ('user:1', 3::bigint), ('user:2', 1), ('user:2', 2), ('user:2', 3), ('user:2', 4)$$,
  'what the runs have kept is gone with it'
);
select throws_ok(
  format('select rota.retry(%s)', r.run_id), 'RT001',
  format('run %s is erased and cannot be retried', r.run_id), 'an erased run is not retried'
)
from run as r where r.tag = 'user:1' and r.n = 1;
select results_eq(
  $$select s.is_new from rota.start('mail', key => 'user:11') as s$$, 'values (true)',
  'its key is free'
);
select is(
  rota.retry_all('mail', '-infinity'), 1::bigint, 'retry_all passes it over'
);

select * from finish();
rollback;
