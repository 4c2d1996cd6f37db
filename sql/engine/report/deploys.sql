create or replace view rota.deploys as
select
  d.deploy_id,
  d.project,
  d.deployed_at,
  d.deployed_by,
  d.tool_version,
  d.git_commit,
  d.changes,
  d.system
from rota_core.deploy as d;

comment on view rota.deploys is
$doc$Each deploy that changed something: of which project, by whom, what.
For: rota_reader, rota_admin.$doc$;

revoke all on rota.deploys from public;
grant select on rota.deploys to rota_reader, rota_admin;
