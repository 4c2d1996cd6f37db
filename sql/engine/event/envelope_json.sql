create or replace function rota_core.envelope_json(envelope text)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return envelope::jsonb;
exception
  -- A column of type json may hold what jsonb cannot: the character 0, numbers beyond all bounds.
  when data_exception or program_limit_exceeded then
    return jsonb_build_object(
      'event_id', (envelope::json ->> 'event_id')::bigint, 'unreadable', envelope
    );
end;
$$;

comment on function rota_core.envelope_json(text) is
$doc$An event as handlers get it; one that jsonb cannot hold as its text, in `unreadable`.$doc$;

revoke all on function rota_core.envelope_json(text) from public;
