create or replace function rota.allow_run_as(role text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text := rota_core.trampoline_name(allow_run_as.role);
  v_caller text := current_user;
  v_before text := current_setting('role');
  v_has_usage boolean;
begin
  if not exists (select from pg_roles as r where r.rolname = allow_run_as.role) then
    raise exception using
      errcode = 'undefined_object',
      message = format('role %s does not exist', quote_nullable(role)),
      hint = format('create role %I nologin;', coalesce(role, 'name'));
  end if;

  if role = 'rota_owner' then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'no task can run as rota_owner',
      detail = 'Nothing that a user wrote may run with the rights of the engine.',
      hint = 'create role app_jobs nologin;';
  end if;

  if not (pg_has_role(current_user, 'rota_owner', 'member')
    and pg_has_role(current_user, allow_run_as.role, 'member'))
  then
    raise exception using
      errcode = 'insufficient_privilege',
      message = format('no task can run as %I yet', allow_run_as.role),
      detail = format('%s may not make the function that runs handlers as %I.', v_caller, role),
      hint = format('As a member of rota_owner and %I: select rota.allow_run_as(%L);', role, role);
  end if;

  -- A new owner must be able to create in the schema, for the length of this statement only; what
  -- a role of rota's has there by itself, it keeps.
  v_has_usage := exists (
    select
    from pg_namespace as n
    cross join aclexplode(n.nspacl) as a
    where n.nspname = 'rota_core' and a.privilege_type = 'USAGE'
      and a.grantee = (select r.oid from pg_roles as r where r.rolname = allow_run_as.role)
  );
  perform set_config('role', 'rota_owner', true);
  execute format('grant usage, create on schema rota_core to %I', role);
  execute format('grant usage on schema rota to %I', role);
  execute format('grant execute on function rota.log(text, text, jsonb), '
    'rota.emit(text, text, jsonb, text), rota.save_artifact(text, jsonb, bytea, text) to %I', role);
  perform set_config('role', role, true);
  execute format($f$
    create or replace function rota_core.%I(
      statement text, returns_void boolean, input jsonb, state jsonb, out output jsonb
    )
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
    as $body$
    begin
      if returns_void then
        execute statement using input, state;
      else
        execute statement into output using input, state;
      end if;
    end;
    $body$ $f$, v_name);
  execute format(
    'revoke all on function rota_core.%I(text, boolean, jsonb, jsonb) from public', v_name);
  execute format(
    'grant execute on function rota_core.%I(text, boolean, jsonb, jsonb) to rota_worker', v_name);
  perform set_config('role', 'rota_owner', true);
  execute format('revoke create on schema rota_core from %I', role);
  if not v_has_usage then
    execute format('revoke usage on schema rota_core from %I', role);
  end if;
  perform set_config('role', v_before, true);
end;
$$;

comment on function rota.allow_run_as(text) is
$doc$Allow tasks to run as a role: makes the security definer function, owned by that role, through
which workers call handlers. define_task does it by itself where the caller may.

- role: the role whose rights the handlers get. It is given USAGE on schema rota, rota.log,
  rota.emit and rota.save_artifact, no more.

Raises 42704 for an unknown role, 42501 for rota_owner, and when the caller is not a member of
rota_owner and of the role.
Whoever deploys is a member of rota_owner; so may an administrator be.
For: rota_admin.$doc$;

revoke all on function rota.allow_run_as(text) from public;
grant execute on function rota.allow_run_as(text) to rota_admin;
