create or replace function rota_core.end_watch(relation oid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_function text;
begin
  -- A trigger that is still there keeps its function, and so the watch.
  for v_function in
    select p.proname
    from pg_proc as p
    where p.pronamespace = 'rota_core'::regnamespace
      and p.proname ~ format('^capture_%s_(insert|update|delete|truncate|cover)$', relation)
  loop
    execute format('drop function rota_core.%I()', v_function);
  end loop;
  update rota_core.watch as w
  set ended_at = rota_core.wall_clock()
  where w.relation = end_watch.relation and w.ended_at is null;
end;
$$;

comment on function rota_core.end_watch(oid) is
$doc$Ends a watch whose triggers are gone: drops its functions. The log keeps referring to
it.$doc$;

revoke all on function rota_core.end_watch(oid) from public;
grant execute on function rota_core.end_watch(oid) to rota_admin;
