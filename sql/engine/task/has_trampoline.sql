create or replace function rota_core.has_trampoline(role text)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select
    from pg_proc as p
    join pg_namespace as n on n.oid = p.pronamespace
    join pg_roles as r on r.oid = p.proowner
    where n.nspname = 'rota_core'
      and p.proname = rota_core.trampoline_name(has_trampoline.role)
      and r.rolname = has_trampoline.role
      and p.prosecdef
  );
$$;

comment on function rota_core.has_trampoline(text) is
$doc$Whether handlers can be run as a role: its trampoline exists and the role still owns it.$doc$;

revoke all on function rota_core.has_trampoline(text) from public;
grant execute on function rota_core.has_trampoline(text) to rota_admin, rota_reader;
