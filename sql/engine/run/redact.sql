create or replace function rota_core.redact(document jsonb, prefix text, paths text[])
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_path text;
  v_parts text[];
begin
  if document is null then
    return null;
  end if;

  foreach v_path in array paths loop
    v_parts := string_to_array(v_path, '.');
    if v_parts[1] = prefix then
      if cardinality(v_parts) = 1 then
        return '"[redacted]"'::jsonb;
      elsif document #> v_parts[2:] is not null then
        document := jsonb_set(document, v_parts[2:], '"[redacted]"');
      end if;
    end if;
  end loop;
  return document;
end;
$$;

comment on function rota_core.redact(jsonb, text, text[]) is
$doc$A document (`input`, `output` or `error`) with the values at a task's redacted paths
replaced.$doc$;

revoke all on function rota_core.redact(jsonb, text, text[]) from public;
grant execute on function rota_core.redact(jsonb, text, text[]) to rota_reader, rota_admin;
