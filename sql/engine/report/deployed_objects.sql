create or replace function rota_core.deployed_objects()
returns table (
  project text, kind text, identity text, file text, fingerprint text, definition text,
  attributes jsonb, is_kept boolean, deploy_id bigint, deployed_at timestamptz, system jsonb
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select
    o.project, o.kind, o.identity, o.file, o.fingerprint, o.definition, o.attributes, o.is_kept,
    o.deploy_id, d.deployed_at, d.system
  from rota_core.deployed_object as o
  join rota_core.deploy as d on d.deploy_id = o.deploy_id
  union all
  select
    d.project, 'schema', s.name, s.said ->> 'file', '', '', s.said, false, d.deploy_id,
    d.deployed_at, d.system
  from rota_core.deploy as d
  cross join lateral jsonb_each(d.state -> 'schemas') as s (name, said)
  where d.deploy_id in (select max(l.deploy_id) from rota_core.deploy as l group by l.project);
$$;

comment on function rota_core.deployed_objects() is
$doc$What the files made, as it was stored when they made it, and by which deploy. Of the schemas of
projects the attributes say who had which rights on them after the last deploy, and no more.$doc$;

revoke all on function rota_core.deployed_objects() from public;
grant execute on function rota_core.deployed_objects() to rota_reader, rota_admin;
