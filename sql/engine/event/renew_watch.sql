create or replace function rota_core.renew_watch(watch_id int, digest text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_watch rota_core.watch;
  v_key text[];
  v_id int := renew_watch.watch_id;
begin
  select w.*
  into strict v_watch
  from rota_core.watch as w
  where w.watch_id = renew_watch.watch_id
  for update;

  select array_agg(a.attname::text order by k.place)
  into v_key
  from jsonb_array_elements_text(v_watch.definition -> 'key') with ordinality as k (number, place)
  join pg_attribute as a
    on a.attrelid = v_watch.relation and a.attnum = k.number::int and not a.attisdropped
  having count(*) = jsonb_array_length(v_watch.definition -> 'key');

  -- What is logged under this watch has the key under its old name.
  if v_key is distinct from v_watch.key then
    update rota_core.watch as w
    set ended_at = rota_core.wall_clock()
    where w.watch_id = v_id;
    insert into rota_core.watch as w (
      relation, schema_name, table_name, topic, operations, columns, condition, exclude, key,
      level, definition, defined_at, defined_by
    )
    values (
      v_watch.relation, v_watch.schema_name, v_watch.table_name, v_watch.topic,
      v_watch.operations, v_watch.columns, v_watch.condition, v_watch.exclude, v_key,
      v_watch.level, v_watch.definition, v_watch.defined_at, v_watch.defined_by
    )
    returning w.watch_id into v_id;
  end if;

  update rota_core.watch as w
  set
    columns = rota_core.column_names(w.relation, w.definition -> 'columns'),
    exclude = rota_core.column_names(w.relation, w.definition -> 'exclude'),
    definition = w.definition || jsonb_build_object(
      'digest', digest, 'version', rota_core.capture_version()
    )
  where w.watch_id = v_id;
  perform rota_core.write_captures(v_id, null);
end;
$$;

comment on function rota_core.renew_watch(int, text) is
$doc$Writes the functions of a watch anew after the columns of its table, or the engine, have
changed.$doc$;

revoke all on function rota_core.renew_watch(int, text) from public;
