create or replace function rota_core.refuse_output(output jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'program_limit_exceeded',
    message = format('output has %s MB; at most 100 can be stored',
      pg_column_size(output) / 1048576),
    hint = 'Keep large data in a table, or as an artifact, and answer with its key.';
end;
$$;

comment on function rota_core.refuse_output(jsonb) is
$doc$Raises 54000 for an answer that is too large to be handed on.$doc$;

revoke all on function rota_core.refuse_output(jsonb) from public;
grant execute on function rota_core.refuse_output(jsonb) to rota_worker;
