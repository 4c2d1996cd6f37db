create or replace function rota_core.tend_watches()
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_watch record;
begin
  perform rota_core.end_watch(w.relation)
  from rota_core.watch as w
  where w.ended_at is null and not exists (select from pg_class as c where c.oid = w.relation);

  update rota_core.watch as w
  set (schema_name, table_name) = (n.nspname, c.relname)
  from pg_class as c
  join pg_namespace as n on n.oid = c.relnamespace
  where w.ended_at is null and c.oid = w.relation
    and (w.schema_name, w.table_name) is distinct from (n.nspname, c.relname);

  -- One that is locked, or that cannot be helped, is no reason to leave the others: health says so.
  perform set_config('lock_timeout', '50ms', true);
  for v_watch in
    select
      w.watch_id, w.relation, rota_core.columns_of(w.relation) as digest,
      to_regprocedure(format(
        'rota_core.%I()', rota_core.capture_name(w.relation, 'cover'))) as cover,
      (w.definition ->> 'digest', w.definition ->> 'version')
        <> (rota_core.columns_of(w.relation), rota_core.capture_version()) as has_changed,
      exists (
        select from rota_core.watch_members(w.relation) as m where m.trigger_name is null
      ) as has_gaps
    from rota_core.watch as w
    where w.ended_at is null
    order by w.watch_id
  loop
    begin
      if v_watch.has_changed then
        perform rota_core.renew_watch(v_watch.watch_id, v_watch.digest);
      end if;
      if v_watch.has_gaps and v_watch.cover is not null then
        execute format('select %s', v_watch.cover);
      end if;
    exception when others then
      perform rota_core.note_capture(v_watch.watch_id, sqlstate, sqlerrm);
    end;
  end loop;
end;
$$;

comment on function rota_core.tend_watches() is
$doc$Once a minute: ends watches whose tables are gone, follows tables and columns that got other
names, gives triggers to new partitions, writes functions anew after a deploy has changed how.$doc$;

revoke all on function rota_core.tend_watches() from public;
grant execute on function rota_core.tend_watches() to rota_worker;
