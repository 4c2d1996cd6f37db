create or replace view rota.pipelines as
select
  p.pipeline as name,
  p.version,
  v.steps,
  p.timeout,
  t.alert,
  t.tags,
  t.owner,
  t.doc,
  s.kind is not null and (s.until is null or s.until > rota_core.wall_clock()) as paused,
  s.until as paused_until,
  t.defined_at,
  t.defined_by
from rota_core.pipeline as p
join rota_core.task as t on t.task = p.pipeline
join rota_core.pipeline_version as v on v.pipeline = p.pipeline and v.version = p.version
left join rota_core.pause as s on s.kind = 'task' and s.name = p.pipeline;

comment on view rota.pipelines is
$doc$Every pipeline with the steps that its next run will go by. For: rota_reader, rota_admin.$doc$;

revoke all on rota.pipelines from public;
grant select on rota.pipelines to rota_reader, rota_admin;
