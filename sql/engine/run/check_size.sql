create or replace function rota_core.check_size(what text, value jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_bytes bigint := rota_core.json_bytes(value);
begin
  if v_bytes > 104857600 then
    raise exception using
      errcode = 'program_limit_exceeded',
      message = format('%s has %s MB; at most 100 can be stored', what, v_bytes / 1048576),
      hint = 'Keep large data in a table, or as an artifact, and hand on its key.';
  end if;
end;
$$;

comment on function rota_core.check_size(text, jsonb) is
$doc$Raises 54000 for a value that is too large to be handed on. One of less than 400,000 bytes, as
pg_column_size says, never is: nothing is compressed to less than a 255th.$doc$;

revoke all on function rota_core.check_size(text, jsonb) from public;
grant execute on function rota_core.check_size(text, jsonb) to rota_worker;
