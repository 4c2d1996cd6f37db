create or replace view rota.tasks as
select
  t.task as name,
  t.handler,
  t.kind,
  t.timeout,
  t.max_attempts,
  t.initial_delay,
  t.backoff_factor,
  t.max_delay,
  t.jitter,
  t.retry_on,
  t.lane,
  t.priority,
  t.concurrency,
  t.mutex,
  t.rate_limit,
  t.run_as,
  t.callers,
  t.alert,
  t.tags,
  t.owner,
  t.doc,
  p.kind is not null and (p.until is null or p.until > rota_core.wall_clock()) as paused,
  p.until as paused_until,
  p.reason as pause_reason,
  t.defined_at,
  t.defined_by,
  t.retired_at
from rota_core.task as t
left join rota_core.pause as p on p.kind = 'task' and p.name = t.task
where not starts_with(t.task, 'subscription:');

comment on view rota.tasks is
$doc$Every task with its policy. For: rota_reader, rota_admin.$doc$;

revoke all on rota.tasks from public;
grant select on rota.tasks to rota_reader, rota_admin;
