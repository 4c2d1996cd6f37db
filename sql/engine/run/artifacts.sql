create or replace view rota.artifacts as
select
  a.run_id,
  r.parent_run_id as pipeline_run_id,
  r.task,
  r.step,
  a.name,
  a.media_type,
  octet_length(a.content) as bytes,
  a.created_at
from rota_core.artifact as a
left join (
  select
    l.run_id,
    l.parent_run_id,
    l.task,
    l.step
  from rota_core.run as l
  union all
  select
    f.run_id,
    f.parent_run_id,
    f.task,
    f.step
  from rota_core.finished_run as f
) as r on r.run_id = a.run_id;

comment on view rota.artifacts is
$doc$What runs have kept: names, types and sizes; rota.get_artifact gives the content.
pipeline_run_id: the run of the pipeline whose step has kept it. For: rota_reader, rota_admin.$doc$;

revoke all on rota.artifacts from public;
grant select on rota.artifacts to rota_reader, rota_admin;
