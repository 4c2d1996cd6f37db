begin;
select plan(19);

select is(
  test.callers('rota_core.check_answer'), '{rota_admin,rota_app,rota_worker}',
  'whoever calls a chunked handler may ask'
);

set local role rota_worker;

select is(
  test.refusal(format('select rota_core.check_answer(%L)', a.answer)),
  'RT005 a chunked handler answered in the wrong shape; Answer {"done": true} at the end, '
  'before that {"state": ..., "progress": {"done": 1, "total": 9}, "rows": 100}.',
  format('refused: %s', coalesce(a.answer, 'null'))
)
from (
  values
  (null), ('null'), ('[]'), ('7'), ('{}'), ('{"done": false}'), ('{"done": "yes"}'),
  ('{"done": null, "state": 1}'), ('{"rows": 5}'), ('{"state": 1, "rows": "5"}'),
  ('{"state": 1, "rows": null}'), ('{"state": 1, "rows": -1}'), ('{"state": 1, "rows": 1e300}')
) as a (answer);
select lives_ok(
  format('select rota_core.check_answer(%L)', a.answer), format('taken: %s', a.answer)
)
from (
  values
  ('{"done": true}'), ('{"done": true, "counted": 7}'), ('{"state": null}'),
  ('{"state": {"at": 7}, "done": false}'), ('{"state": 7, "rows": 100, "progress": {"done": 1}}')
) as a (answer);

select * from finish();
rollback;
