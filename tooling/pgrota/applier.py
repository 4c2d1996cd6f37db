"""A deploy as one statement of PL/pgSQL, for those who apply SQL and cannot run the tool.

One statement, because then it happens whole or not at all, whoever sends it and in whichever
transaction; and because a splitter of statements finds nothing in it to split. It keeps the same
record as `rota deploy`, with the fingerprints of what this very server stores.
"""

from __future__ import annotations

from pgrota import catalog_queries
from pgrota.catalog_queries import BY_NAME, DEPENDANTS, QUERIES

_SETTLED = (
    "encode(sha256(convert_to(coalesce(s.definition, ''), 'UTF8') || '\\x00'::bytea"
    " || convert_to(coalesce(s.owner::text, ''), 'UTF8') || '\\x00'::bytea"
    " || convert_to(coalesce(s.privileges, ''), 'UTF8') || '\\x00'::bytea"
    " || convert_to(coalesce(s.comment, ''), 'UTF8')), 'hex') as fingerprint,"
    " (s.attributes - 'body') || jsonb_build_object('owner', s.owner, 'privileges', s.privileges,"
    " 'comment', s.comment) as attributes"
)
_NAMES = """(
  select array_agg(q.{0} order by q.kind, q.schema, q.name)
  from (select distinct x.kind, x.schema, x.name
    from jsonb_to_recordset($1) as x (kind text, schema text, name text)) as q
  where q.kind = '{1}'
)"""


def _of_kind(query: str, kind: str) -> str:
    names = {"schemas": _NAMES.format("schema", kind), "names": _NAMES.format("name", kind)}
    return query % names


def stored() -> str:
    """The objects that go by the names in $1, as the catalog has them, with fingerprints."""
    union = "\nunion all\n".join(
        _of_kind(query + BY_NAME.format(name), kind) for kind, (query, name, _) in QUERIES.items()
    )
    return f"""
select s.kind, s.identity, d.path, s.declared_kind, s.classid, s.oid, s.version, s.definition,
  {_SETTLED}
from ({union}) as s
join jsonb_to_recordset($1) as d (path text, kind text, schema text, name text, on_table text)
  on d.kind = s.declared_kind and d.schema = s.schema and d.name = s.name
  and d.on_table is not distinct from s.on_table
"""


def foundation() -> str:
    """The roles and schemas, likewise."""
    return (
        f"select s.kind, s.identity, s.definition, {_SETTLED}"
        f" from ({catalog_queries.FOUNDATION.replace('%%', '%')}) as s"
    )


def foreign() -> str:
    """What depends on the object $2 of kind $1 and is not among the objects that a deploy made.

    A trigger is made again by no other file than its own: it has to be among those that go, $4.
    """
    query = DEPENDANTS.replace("%(kind)s", "$1").replace("%(identity)s", "$2")
    return f"""
select string_agg(f.description, E'\\n')
from ({query.replace("%%", "%")}) as f
where not exists (
  select from rota_core.deployed_object as o
  -- The names of another project may stand in a schema that is closed to us.
  where f.oid = case when o.project <> $3 then null
    when o.kind = 'view' then to_regclass(o.identity)::oid
    when o.kind <> 'trigger' then to_regprocedure(o.identity)::oid end
)
and not exists (
  select from pg_catalog.pg_trigger as t
  join jsonb_to_recordset($4) as g (kind text, identity text)
    on g.kind = 'trigger' and g.identity = format('%I on %s', t.tgname, t.tgrelid::regclass)
  where f.classid = 'pg_trigger'::regclass and t.oid = f.oid
)
"""


BEGIN = """
do {tag}
declare
  c_project constant text := {project};
  c_deployer constant text := current_setting('role');
  c_role constant text := {role};
  c_stored constant text := {stored};
  c_foreign constant text := {foreign};
  c_foundation constant text := {foundation};
  c_shape constant text[] := '{{42P13,42P16,42809,42725}}';
  v_settings jsonb := '{{}}';
  v_changes jsonb := '[]';
  v_files jsonb := '[]';
  v_todo jsonb;
  v_again jsonb;
  v_gone jsonb := '[]';
  v_replaced jsonb;
  v_declared jsonb := '[]';
  v_old jsonb := '{{}}';
  v_recorded jsonb := '{{}}';
  v_standing jsonb := '{{}}';
  v_defined jsonb := '{{}}';
  v_row record;
  v_text text;
  v_seen int := 0;
  v_deploy_id bigint;
begin
  -- Whatever the session had is put back at the end: others may send more in this transaction.
  for v_row in select * from (values {settings}) as s (name, value) loop
    v_settings := v_settings || jsonb_build_object(v_row.name, current_setting(v_row.name));
    perform set_config(v_row.name, v_row.value, true);
  end loop;

  if current_setting('server_version_num')::int < {oldest}0000 then
    raise exception using
      errcode = 'feature_not_supported',
      message = format('PostgreSQL %s is too old', current_setting('server_version')),
      hint = 'rota needs PostgreSQL {oldest} or newer';
  end if;
  if not pg_try_advisory_xact_lock({lock}) then
    raise exception using
      errcode = 'lock_not_available',
      message = 'another deploy of this database is under way',
      hint = 'apply this again when that is done';
  end if;
  if to_regclass('rota_core.deployed_file') is not null then
    if pg_has_role(current_user, 'rota_owner', 'member') then
      perform set_config('role', 'rota_owner', true);
    end if;
    select encode(sha256(convert_to(coalesce(
      string_agg(f.file || ' ' || f.source_hash, E'\\n' order by f.file collate "C"), ''
    ), 'UTF8')), 'hex')
    into v_text
    from rota_core.deployed_file as f
    where f.project = c_project;
    perform set_config('role', c_deployer, true);
  end if;
  if coalesce(v_text, {nothing}) <> {before} then
    raise exception using
      errcode = 'object_not_in_prerequisite_state',
      message = format('%s is not in this database as the migrations before this one left it',
        c_project),
      detail = 'It was deployed by other means too, such as rota deploy.',
      hint = 'Keep to one of both. What rota deploy did already is marked as applied by:'
        ' supabase migration repair --status applied {version}';
  end if;
"""

# As the deployer. What it makes is in the record when anything is.
FOUNDATION = """
  -- The roles and the schemas.
  execute 'select coalesce(jsonb_object_agg(s.kind || s.identity, s.fingerprint), ''{{}}'')'
    ' from (' || c_foundation || ') as s' into v_old;
  execute {bootstrap};
  perform set_config('role', c_deployer, true);
  execute 'select $1 || coalesce(jsonb_agg(jsonb_build_object(''kind'', s.kind, ''name'','
    ' s.identity, ''file'', ''bootstrap.sql'', ''action'','
    ' case when $2 ? (s.kind || s.identity) then ''change'' else ''create'' end)), ''[]'')'
    ' from (' || c_foundation || ') as s'
    ' where $2 ->> (s.kind || s.identity) is distinct from s.fingerprint'
  into v_changes using v_changes, v_old;
"""

# The flag stands since the migration before this one was committed.
DRAINED = """
  -- Workers leave before the engine changes under them.
  for v_seen in 1..600 loop
    perform pg_stat_clear_snapshot();
    select count(*) into v_deploy_id from ({live}) as w;
    exit when v_deploy_id = 0;
    if v_seen = 600 then
      raise exception using
        errcode = 'lock_not_available',
        message = format('%s workers have not left within 60 s', v_deploy_id),
        detail = 'Nothing was changed.',
        hint = 'Wait for their runs or cancel them (rota run cancel RUN_ID), and apply this again.';
    end if;
    perform pg_sleep(0.1);
  end loop;
"""

MIGRATIONS = """
  -- The tables.
  perform set_config('role', c_role, true);
  v_text := null;
  if to_regclass({table}) is not null then
    execute {standing} into v_text;
  end if;
  if v_text is distinct from {since} then
    raise exception using
      errcode = 'object_not_in_prerequisite_state',
      message = format('the tables of %s are at migration %s, not at %s',
        c_project, coalesce(v_text, 'none'), {since_shown}),
      detail = 'They were deployed by other means too, such as rota deploy.',
      hint = 'Keep to one of both.';
  end if;
  execute {sql};
  v_changes := v_changes || {changes}::jsonb;
  perform set_config('role', c_deployer, true);
"""
