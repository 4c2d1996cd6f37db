create or replace function rota_core.capture_truncate_body(definition jsonb)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select format($body$
declare
  v_known constant text := coalesce(current_setting('rota.truncated', true), '');
  v_xid constant text := pg_current_xact_id()::text;
  v_rest text[];
begin
  if tg_relid <> %1$s and not rota_core.is_within(tg_relid, %1$s) then
    return null;
  end if;

  -- Who truncates a partitioned table fires the triggers of its partitions too, after its own.
  if split_part(v_known, ' ', 1) = v_xid then
    v_rest := string_to_array(v_known, ' ');
    if array_position(v_rest, tg_relid::text, 2) > 0 then
      perform set_config(
        'rota.truncated',
        array_to_string(v_rest[:1] || array_remove(v_rest[2:], tg_relid::text), ' '), false
      );
      return null;
    end if;
  end if;
  perform set_config('rota.truncated', concat_ws(' ', v_xid, (
    select string_agg(p.relid::oid::text, ' ')
    from pg_partition_tree(tg_relid) as p
    where p.relid <> tg_relid and exists (
      select from pg_trigger as t where t.tgrelid = p.relid and t.tgfoid = (
        select m.tgfoid from pg_trigger as m where m.tgrelid = tg_relid and m.tgname = tg_name
      )
    )
  )), false);

  insert into rota_core.event (watch_id, topic, type, old_record)
  values (%2$s, %3$L, 'TRUNCATE', case when tg_relid <> %1$s then
    json_build_array(json_build_object('partition', tg_table_schema || '.' || tg_table_name))
  end);
  return null;
end;
$body$,
    definition ->> 'relation', definition ->> 'watch_id', definition ->> 'topic'
  );
$$;

comment on function rota_core.capture_truncate_body(jsonb) is
$doc$The body of the trigger function that captures TRUNCATE: one event, whose old_record says
`{"partition": ...}` where not the whole table was emptied.$doc$;

revoke all on function rota_core.capture_truncate_body(jsonb) from public;
