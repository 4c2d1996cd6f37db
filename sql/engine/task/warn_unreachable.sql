create or replace function rota_core.warn_unreachable(handler text, run_as text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_schema text := (parse_ident(coalesce(handler, 'x.x')))[1];
  v_role text := coalesce(run_as, 'rota_worker');
begin
  if handler is not null and not has_schema_privilege(v_role, v_schema, 'usage') then
    raise warning using
      message = format('%s may not use schema %I yet, so runs of %s would fail', v_role, v_schema,
        handler),
      hint = format('grant usage on schema %I to %I;', v_schema, v_role);
  end if;
end;
$$;

comment on function rota_core.warn_unreachable(text, text) is
$doc$Warns when the role that will run a handler cannot reach its schema yet.$doc$;

revoke all on function rota_core.warn_unreachable(text, text) from public;
