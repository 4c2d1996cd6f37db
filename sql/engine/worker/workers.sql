create or replace view rota.workers as
select
  w.worker_id,
  w.kind,
  w.lane,
  case
    when w.ended_at is null then 'working'
    else w.outcome
  end as state,
  r.run_id,
  r.task,
  r.claimed_at as run_claimed_at,
  w.pid,
  w.role,
  w.started_at,
  w.seen_at,
  w.ended_at
from rota_core.worker as w
left join (
  select distinct on (r.worker_id)
    r.worker_id,
    r.run_id,
    r.task,
    r.claimed_at
  from rota_core.run as r
  where r.state = 'running'
  order by r.worker_id, r.run_at, r.run_id
) as r on r.worker_id = w.worker_id;

comment on view rota.workers is
$doc$The workers and supervisors of the last day. state: `working`, `ended`, or `lost` when its
backend was gone. seen_at is renewed every few seconds. For: rota_reader, rota_admin.$doc$;

revoke all on rota.workers from public;
grant select on rota.workers to rota_reader, rota_admin;
