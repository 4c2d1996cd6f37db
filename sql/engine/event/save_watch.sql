create or replace function rota_core.save_watch(definition jsonb, owner name)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_relation constant oid := (definition ->> 'relation')::oid;
  v_watch_id int;
begin
  insert into rota_core.watch as w (
    relation, schema_name, table_name, topic, operations, columns, condition, exclude, key, level,
    definition, defined_at, defined_by
  )
  select
    c.oid, n.nspname, c.relname, save_watch.definition ->> 'topic',
    array(select jsonb_array_elements_text(save_watch.definition -> 'operations')),
    rota_core.column_names(c.oid, save_watch.definition -> 'columns'),
    save_watch.definition ->> 'condition',
    rota_core.column_names(c.oid, save_watch.definition -> 'exclude'),
    rota_core.column_names(c.oid, save_watch.definition -> 'key'),
    save_watch.definition ->> 'level', save_watch.definition, rota_core.wall_clock(),
    rota_core.caller()
  from pg_class as c
  join pg_namespace as n on n.oid = c.relnamespace
  where c.oid = v_relation
  on conflict (relation) where ended_at is null do nothing
  returning w.watch_id into v_watch_id;

  if v_watch_id is null then
    raise exception using
      errcode = 'duplicate_object',
      message = format('table %s is watched already, in another way', v_relation::regclass),
      hint = format('To watch it otherwise: select rota.unwatch_table(%L);', v_relation::regclass);
  end if;
  perform rota_core.write_captures(v_watch_id, owner);
end;
$$;

comment on function rota_core.save_watch(jsonb, name) is
$doc$Stores a watch that rota.watch_table has checked, and writes its trigger functions. What makes
them capture is triggers, which only the owner of the table can create.

Raises 42710 when the table is watched already.$doc$;

revoke all on function rota_core.save_watch(jsonb, name) from public;
grant execute on function rota_core.save_watch(jsonb, name) to rota_admin;
