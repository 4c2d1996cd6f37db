create or replace function rota_core.check_run_as(run_as text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if run_as is null then
    return;
  end if;

  if not exists (select from pg_roles as r where r.rolname = run_as) then
    raise exception using
      errcode = 'undefined_object',
      message = format('role %s does not exist', quote_literal(run_as)),
      hint = format('create role %I nologin;', run_as);
  end if;

  if run_as = 'rota_owner' or not pg_has_role(rota_core.caller(), run_as, 'member') then
    raise exception using
      errcode = 'insufficient_privilege',
      message = format('%s may not let a task run as %s', rota_core.caller(), run_as),
      detail = 'Whoever names a role must be a member of it, and rota_owner is nobody''s role.',
      hint = format('grant %I to %I;', run_as, rota_core.caller());
  end if;

  if not rota_core.has_trampoline(run_as) then
    raise exception using
      errcode = 'RT006',
      message = format('no task can run as %s yet', run_as),
      hint = format('As a member of rota_owner and of that role: select rota.allow_run_as(%L);',
        run_as);
  end if;
end;
$$;

comment on function rota_core.check_run_as(text) is
$doc$Refuses a run_as that does not exist (42704), that the caller does not belong to (42501), or
that nobody has allowed yet (RT006).$doc$;

revoke all on function rota_core.check_run_as(text) from public;
