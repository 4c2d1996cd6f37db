begin;
select plan(5);

-- given: a still clock
select test.set_clock('2026-01-01 12:00+00');
alter table rota_core.run alter column run_id restart with 1;

select is(
  test.callers('rota.step'), '{rota_admin}', 'an administrator may write steps, and nobody else'
);

-- the deed
set local role rota_admin;
select is(
  rota.step('fetch', 'fetch-content'), '{"name": "fetch", "task": "fetch-content"}',
  'a step is what was said of it, without the defaults'
);
select is(
  rota.step('a', 't', '{b,c}', 'b.items', '$.c == 1', 'continue', 'undo', 'go', '1 h', '5 min', 3),
  '{"name": "a", "task": "t", "after": ["b", "c"], "for_each": "b.items", "when_path": "$.c == 1",
    "on_failure": "continue", "compensate": "undo", "wait_for": "go", "timeout": "01:00:00",
    "start_delay": "00:05:00", "max_parallel": 3}',
  'with all its arguments'
);
select is(rota.step('a', wait_for => 'go') ->> 'wait_for', 'go', 'a step needs no task');
select is(rota.step(null), '{}', 'what is missing is found when the pipeline is defined');
reset role;

select * from finish();
rollback;
