create or replace function rota_core.planning()
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select array[s.name, current_setting(s.name)]
    from unnest(
      '{enable_seqscan,enable_bitmapscan,enable_hashjoin,enable_mergejoin,jit}'::text[]
    ) as s (name)
  );
end;
$$;

comment on function rota_core.planning() is
$doc$What plan_for_index changes, as it is now: for plan_as_before, where the transaction is that of
an application.$doc$;

revoke all on function rota_core.planning() from public;
