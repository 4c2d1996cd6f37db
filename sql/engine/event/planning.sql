create or replace function rota_core.planning()
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select array[s.name, current_setting(s.name)]
    from unnest(array[
      'enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin',
      'enable_nestloop', 'enable_sort', 'enable_hashagg', 'jit', 'plan_cache_mode', 'work_mem'
    ]) as s (name)
  );
end;
$$;

comment on function rota_core.planning() is
$doc$What plan_for_index and captures of many rows change, as it is now: for plan_as_before, where
the transaction is that of an application.$doc$;

revoke all on function rota_core.planning() from public;
grant execute on function rota_core.planning() to rota_capture;
