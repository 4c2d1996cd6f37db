"""The end of the statement: what follows from the tables, cron.job, and the record."""

from __future__ import annotations

CRON = """
  -- pg_cron: the worker role may schedule, and what few may read is written down for all.
  perform set_config('role', c_deployer, true);
  if exists (
    select from pg_namespace as n
    join pg_extension as e on e.extname = 'pg_cron'
    where n.nspname = 'cron' and not has_schema_privilege('rota_worker', n.oid, 'USAGE')
      and has_schema_privilege(current_user, n.oid, 'USAGE WITH GRANT OPTION')
  ) then
    grant usage on schema cron to rota_worker;
    v_changes := v_changes || jsonb_build_array(jsonb_build_object(
      'kind', 'grant', 'name', 'usage on schema cron to rota_worker', 'action', 'create'));
  end if;
  if pg_has_role(current_user, 'pg_read_all_settings', 'USAGE') then
    for v_row in
      select n.name, current_setting(n.name, true) as value
      from unnest({settings}::text[]) as n (name)
      where current_setting(n.name, true) is not null
    loop
      perform set_config('role', 'rota_owner', true);
      if not exists (
        select from rota_core.setting as s where (s.name, s.value) = (v_row.name, v_row.value)
      ) then
        v_changes := v_changes || jsonb_build_array(jsonb_build_object(
          'kind', 'setting', 'name', v_row.name || ' = ' || v_row.value,
          'action', case when exists (
            select from rota_core.setting as s where s.name = v_row.name
          ) then 'change' else 'create' end));
        insert into rota_core.setting (name, value) values (v_row.name, v_row.value)
        on conflict (name) do update set value = excluded.value;
      end if;
      perform set_config('role', c_deployer, true);
    end loop;
  end if;
"""

RECORD = """
  -- Partitions and cron rows follow from what stands in the tables.
  perform set_config('role', 'rota_owner', true);
  perform rota_core.ensure_partitions();
  perform set_config('role', 'rota_worker', true);
  v_todo := '[]';
  if exists (select from pg_extension as e where e.extname = 'pg_cron')
    and has_schema_privilege('cron', 'USAGE')
  then
    execute {jobs} into v_todo;
  end if;
  v_text := rota_core.sync_cron();
  v_again := '[]';
  if exists (select from pg_extension as e where e.extname = 'pg_cron')
    and has_schema_privilege('cron', 'USAGE')
  then
    execute {jobs} into v_again;
  end if;
  if v_text = 'no rights' then
    raise warning 'rota_worker may not use pg_cron yet'
      using hint = 'grant usage on schema cron to rota_worker; then run rota deploy.';
  elsif v_text not in ('synced', 'absent') then
    raise warning 'cron.job was not brought up to date: %', v_text;
  end if;
  perform set_config('role', 'rota_owner', true);
  select v_changes || coalesce(jsonb_agg(jsonb_build_object(
    'kind', 'cron job', 'name', coalesce(b.value, a.value) ->> 0,
    'action', case when b.value is null then 'create' when a.value is null then 'drop'
      else 'change' end
  ) order by coalesce(b.value, a.value) ->> 0), '[]')
  into v_changes
  from jsonb_array_elements(v_todo) as b (value)
  full join jsonb_array_elements(v_again) as a (value) on a.value ->> 0 = b.value ->> 0
  where a.value is distinct from b.value;

  -- What was done, and how this server stores it.
  execute 'select coalesce(jsonb_agg(to_jsonb(s)), ''[]'') from (' || c_stored || ') as s'
  into v_todo using v_declared;
  with made as (
    select f.n, f.value as file, s.kind, s.identity,
      case when not v_old ? (s.kind || ' ' || s.identity) then 'create'
        when v_old #>> array[s.kind || ' ' || s.identity, '1'] <> s.fingerprint then 'change'
      end as action
    from jsonb_array_elements(v_files) with ordinality as f (value, n)
    left join jsonb_to_recordset(v_todo)
      as s (path text, kind text, identity text, fingerprint text)
      on s.path = f.value ->> 'path'
  )
  select v_changes || coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
    'kind', coalesce(c.kind, 'file'), 'name', coalesce(c.identity, c.file ->> 'path'),
    'action', coalesce(c.action, case when d.source_hash is null then 'apply' else 'restate' end),
    'file', c.file ->> 'path'
  )) || jsonb_build_object(
    'source', jsonb_build_object('from', d.source_hash, 'to', c.file ->> 'hash')
  ) order by c.n), '[]')
  into v_changes
  from (
    select m.n, m.file, m.kind, m.identity, m.action from made as m where m.action is not null
    union all
    select m.n, m.file, null, null, null from made as m
    where not exists (
      select from jsonb_each_text(v_defined) as d where d.value = m.file ->> 'path'
    )
    group by m.n, m.file
    having count(m.action) = 0
  ) as c
  left join rota_core.deployed_file as d
    on d.project = c_project and d.file = c.file ->> 'path';

  select v_changes || coalesce(jsonb_agg(jsonb_build_object(
    'kind', d.kind, 'name', d.name, 'file', v_defined ->> (d.kind || ' ' || d.name),
    'action', case when exists (
      select from rota_core.deployed_object as o where (o.kind, o.identity) = (d.kind, d.name)
    ) then 'change' else 'create' end,
    'source', jsonb_build_object('from', o.source_hash, 'to', f.hash)
  ) order by d.kind, d.name), '[]')
  into v_changes
  from rota_core.definitions() as d
  join jsonb_to_recordset(v_files) as f (path text, hash text)
    on f.path = v_defined ->> (d.kind || ' ' || d.name)
  left join rota_core.deployed_file as o on o.project = c_project and o.file = f.path;

  insert into rota_core.deploy
    (project, deployed_at, deployed_by, tool_version, git_commit, changes, system, state)
  values (
    c_project, clock_timestamp(), session_user, {tool}, {commit}, v_changes,
    jsonb_build_object(
      'server_version', current_setting('server_version'), 'database', current_database(),
      'pg_cron', (select e.extversion from pg_extension as e where e.extname = 'pg_cron'),
      'client', {name}, 'fingerprints', {scheme}
    ),
    {state}
  )
  returning deploy_id into v_deploy_id;
  insert into rota_core.deployed_source (source_hash, source)
  select f.hash, f.text from jsonb_to_recordset(v_files) as f (hash text, text text)
  on conflict (source_hash) do nothing;
  insert into rota_core.deployed_file (project, file, source_hash, deploy_id)
  select c_project, f.path, f.hash, v_deploy_id
  from jsonb_to_recordset(v_files) as f (path text, hash text)
  on conflict (project, file) do update
  set source_hash = excluded.source_hash, deploy_id = excluded.deploy_id, is_due = false;
  delete from rota_core.deployed_object as o
  using jsonb_to_recordset(v_files) as f (path text)
  where o.project = c_project and o.file = f.path;
  insert into rota_core.deployed_object
    (project, kind, identity, file, fingerprint, definition, attributes, deploy_id)
  select c_project, s.kind, s.identity, s.path, s.fingerprint, s.definition, s.attributes,
    v_deploy_id
  from jsonb_to_recordset(v_todo) as s (
    path text, kind text, identity text, fingerprint text, definition text, attributes jsonb
  )
  union all
  select c_project, d.kind, d.name, v_defined ->> (d.kind || ' ' || d.name),
    encode(sha256(convert_to(jsonb_pretty(d.definition), 'UTF8')), 'hex'),
    jsonb_pretty(d.definition), '{{}}', v_deploy_id
  from rota_core.definitions() as d
  where v_defined ? (d.kind || ' ' || d.name)
  on conflict (kind, identity) do update
  set (project, file, fingerprint, definition, attributes, is_kept, deploy_id) =
    (excluded.project, excluded.file, excluded.fingerprint, excluded.definition,
      excluded.attributes, false, excluded.deploy_id);
  delete from rota_core.deployed_file as f
  where f.project = c_project and f.file = any ({gone}::text[]);
"""

FOUNDATION = """
  v_text := {bootstrap};
  insert into rota_core.deployed_source (source_hash, source)
  values (encode(sha256(convert_to(v_text, 'UTF8')), 'hex'), v_text)
  on conflict (source_hash) do nothing;
  insert into rota_core.deployed_file (project, file, source_hash, deploy_id)
  values ('foundation', 'bootstrap.sql', encode(sha256(convert_to(v_text, 'UTF8')), 'hex'),
    v_deploy_id)
  on conflict (project, file) do update
  set source_hash = excluded.source_hash, deploy_id = excluded.deploy_id, is_due = false;
  delete from rota_core.deployed_object as o
  where o.project = 'foundation' and o.file = 'bootstrap.sql';
  execute 'insert into rota_core.deployed_object'
    ' (project, kind, identity, file, fingerprint, definition, attributes, deploy_id)'
    ' select ''foundation'', s.kind, s.identity, ''bootstrap.sql'', s.fingerprint, s.definition,'
    ' s.attributes, $1'
    ' from (' || c_foundation || ') as s'
  using v_deploy_id;
"""

# A job of others that a schedule has taken the place of may not start meanwhile.
ADOPTIONS = """
  perform set_config('role', c_deployer, true);
  perform rota.adopt_cron_job(
    a.schedule, a.cron, a.command, a.username, a.job_name, a.job_id, a.active
  )
  from (select * from rota_core.adopted_job as w where w.outcome = 'waiting' offset 0) as a;
  perform set_config('role', 'rota_owner', true);
  for v_text in select a.reason from rota_core.check_adoptions() as a (reason) loop
    raise warning '%', v_text;
  end loop;
"""

UNDRAIN = """
  delete from rota_core.setting as s where s.name = 'draining';
"""

END = """
  perform set_config('role', c_deployer, true);
  perform set_config(s.key, s.value, true) from jsonb_each_text(v_settings) as s;
end;
{tag};
"""

JOBS = (
    "select coalesce(jsonb_agg(jsonb_build_array(j.jobname, j.schedule, j.command, j.active)"
    " order by j.jobname), '[]') from cron.job as j"
    " where j.username = current_user and j.database = current_database()"
)

DRAIN = """
do {tag}
declare
  c_deployer constant text := current_setting('role');
begin
  perform set_config('role', 'rota_owner', true);
  insert into rota_core.setting (name, value)
  values ('draining', (clock_timestamp() + interval '{seconds} s')::text)
  on conflict (name) do update set value = excluded.value;
  perform set_config('role', c_deployer, true);
end;
{tag};
"""

# pg_cron takes "everything has changed" for nothing, which a first deploy is to it.
RING = """
do {tag}
declare
  c_deployer constant text := current_setting('role');
begin
  perform pg_sleep(1.2);
  perform set_config('role', 'rota_owner', true);
  perform rota_core.ring_cron(true);
  perform set_config('role', c_deployer, true);
end;
{tag};
"""
