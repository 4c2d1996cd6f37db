create or replace function rota_core.cover_later(relation oid, operations text[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name constant text := rota_core.capture_name(relation, 'cover');
  v_caller constant text := current_user;
  v_before constant text := current_setting('role');
begin
  if not pg_has_role(v_caller, 'rota_owner', 'member')
    or v_caller <> (case v_before when 'none' then session_user else v_before end)
  then
    raise warning using
      message = format(
        'new partitions of %s will not be watched by themselves', relation::regclass
      ),
      detail = 'Only who owns the table and is a member of rota_owner can allow that.',
      hint = format('When there are some: select rota_core.cover_watch(%L::regclass);',
        relation::regclass);
    return;
  end if;

  perform set_config('role', 'rota_owner', true);
  perform pg_advisory_xact_lock(1919906919, 0);
  execute format('grant create on schema rota_core to %I', v_caller);
  perform set_config('role', v_caller, true);
  -- It has the rights of who watches the table, and so calls nothing that others could change.
  execute format(
    'create or replace function rota_core.%I() returns int language plpgsql volatile'
    ' security definer set search_path = pg_catalog, pg_temp as %L',
    v_name, rota_core.cover_body(relation, operations)
  );
  execute format('revoke all on function rota_core.%I() from public', v_name);
  execute format('grant execute on function rota_core.%I() to rota_owner', v_name);
  perform set_config('role', 'rota_owner', true);
  if v_caller <> 'rota_owner' then
    execute format('revoke create on schema rota_core from %I', v_caller);
  end if;
  perform set_config('role', v_before, true);
end;
$$;

comment on function rota_core.cover_later(oid, text[]) is
$doc$Makes the function by which the supervisor, who is not the owner of the table, gives triggers
to its new partitions. Warns where the caller may not.$doc$;

revoke all on function rota_core.cover_later(oid, text[]) from public;
grant execute on function rota_core.cover_later(oid, text[]) to rota_admin;
