begin;
select plan(12);

-- given: a still clock
select test.set_clock('2026-01-01 12:00+00');

select is(
  test.callers('rota.define_lane'), '{rota_admin}',
  'an administrator may define a lane, and nobody else'
);

set local role rota_admin;

-- refusals
select matches(
  test.refusal(format('select rota.define_lane(%L)', n.name)),
  '^22023 lane name .* is not usable; Use 1 to 63 letters', format('refused: %s', n.what)
)
from (
  values ('no name', null), ('two statements', 'x; drop'), ('200 characters', repeat('x', 200))
) as n (what, name);
select is(
  test.refusal(format('select rota.define_lane(''batch'', %s)', w.workers)),
  format(
    '22023 a lane has 0 to 64 workers, not %s; select rota.define_lane(''batch'', workers => 2);',
    w.workers
  ),
  format('refused: %s workers', w.workers)
)
from unnest('{-1,65,null}'::text[]) as w (workers)
where w.workers is not null;
select throws_ok(
  'select rota.define_lane(''batch'', null)', '22023', 'a lane has 0 to 64 workers, not null',
  'refused: an unknown number of workers'
);

-- the deed
select is(rota.define_lane('batch'), 'batch', 'it returns the name');
select is(rota.define_lane('night', workers => 64), 'night', 'up to 64 workers');
select is(rota.define_lane('night', workers => 0), 'night', 'or none, for the time being');
reset role;
select results_eq(
  $$select l.lane, l.workers, l.created_at from rota_core.lane as l
    where l.lane <> 'default' order by l.lane$$,
  $$values
    ('batch', 1, timestamptz '2026-01-01 12:00+00'),
    ('night', 0, timestamptz '2026-01-01 12:00+00')$$,
  'the lanes are there, the last number counts'
);
select is(
  rota_core.lanes(), '{batch,default}', 'a lane without workers is served by nobody'
);

select * from finish();
rollback;
