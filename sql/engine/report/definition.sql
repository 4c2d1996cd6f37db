create or replace view rota_core.definition as
select
  d.kind,
  d.name,
  d.definition,
  concat_ws(' ', extract(epoch from d.defined_at), d.row_id) as version,
  d.defined_at,
  d.defined_by
from (
  select
    'task' as kind,
    t.task as name,
    null::int as row_id,
    t.defined_at,
    t.defined_by,
    to_jsonb(t) - array[
      'task', 'takes', 'returns_void', 'statement', 'redact', 'defined_at', 'defined_by',
      'retired_at'
    ] as definition
  from rota_core.task as t
  where t.kind <> 'pipeline' and not starts_with(t.task, 'subscription:')
  union all
  select
    'schedule',
    s.schedule,
    null,
    s.defined_at,
    s.defined_by,
    to_jsonb(s) - array['schedule', 'doorbell', 'next_at', 'defined_at', 'defined_by']
  from rota_core.schedule as s
  union all
  select
    'calendar',
    c.calendar,
    null,
    c.defined_at,
    c.defined_by,
    jsonb_build_object('rules', c.rules)
  from rota_core.calendar as c
  union all
  select
    'lane',
    l.lane,
    null,
    l.defined_at,
    l.defined_by,
    jsonb_build_object('workers', l.workers)
  from rota_core.lane as l
  where l.defined_at is not null
  union all
  select
    'subscription',
    b.subscription,
    null,
    b.defined_at,
    b.defined_by,
    to_jsonb(b) - array['subscription', 'defined_at', 'defined_by']
  from rota_core.subscription as b
  union all
  select
    'watch',
    w.name,
    w.watch_id,
    w.defined_at,
    w.defined_by,
    to_jsonb(w) - array['name', 'state', 'defined_at', 'defined_by', 'watch_id']
  from rota.watches as w
  union all
  select
    'pipeline',
    p.name,
    null,
    p.defined_at,
    p.defined_by,
    to_jsonb(p) - array['name', 'version', 'paused', 'paused_until', 'defined_at', 'defined_by']
  from rota.pipelines as p
) as d;

comment on view rota_core.definition is
$doc$Everything that is defined by calling a function: what was said of it, who said it and when,
and nothing of how it fares. version: another one after it was defined again, with the same words
or others. Who asks for the versions alone does not pay for what was said.

Lengths are written as the session's intervalstyle has them.$doc$;

revoke all on rota_core.definition from public;
