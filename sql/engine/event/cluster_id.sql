create or replace function rota_core.cluster_id()
returns bigint
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Where it may not be read, a restore into another cluster goes unnoticed.
  if not has_function_privilege('pg_control_system()', 'execute') then
    return 0;
  end if;
  return (select c.system_identifier from pg_control_system() as c);
end;
$$;

comment on function rota_core.cluster_id() is
$doc$Which cluster this is: the numbers of transactions mean nothing in another.$doc$;

revoke all on function rota_core.cluster_id() from public;
