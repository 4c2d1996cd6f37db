create or replace function rota_core.event_key(record json, old_record json, columns text[])
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_row constant json := case json_typeof(record) when 'object' then record else old_record end;
  v_values text[];
begin
  if columns is null or v_row is null then
    return null;
  end if;
  if cardinality(columns) = 1 then
    return v_row ->> columns[1];
  end if;
  v_values := array(
    select v_row ->> c.name from unnest(columns) with ordinality as c (name, place) order by c.place
  );
  return case when array_position(v_values, null) is null then to_json(v_values)::text end;
end;
$$;

comment on function rota_core.event_key(json, json, text[]) is
$doc$The key of a row's event: the value of its key column, or of several as a JSON array; null
where one of them is null. The row is the new one, or the old one of a DELETE.$doc$;

revoke all on function rota_core.event_key(json, json, text[]) from public;
grant execute on function rota_core.event_key(json, json, text[])
to rota_reader, rota_admin;
