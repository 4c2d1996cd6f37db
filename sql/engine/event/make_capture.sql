set local role rota_capture;

create or replace function rota_core.make_capture(
  name text, body text, schemas jsonb, may_use name
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- The other settings are what text depends on: the same row is the same record, whoever wrote it.
  execute format(
    'create or replace function rota_core.%I() returns trigger language plpgsql volatile'
    ' security definer set search_path = %s set timezone = ''UTC'' set datestyle = ''ISO''
    set intervalstyle = ''postgres'' set bytea_output = ''hex'' set extra_float_digits = 1 as %L',
    make_capture.name, rota_core.search_path(schemas), body
  );
  execute format('revoke all on function rota_core.%I() from public', make_capture.name);
  if may_use is not null then
    execute format(
      'grant execute on function rota_core.%I() to %I', make_capture.name, make_capture.may_use
    );
  end if;
end;
$$;

comment on function rota_core.make_capture(text, text, jsonb, name) is
$doc$Makes a trigger function that captures changes. It runs conditions and casts that users wrote,
so its owner, who is this function's, may do nothing but write to the event log.

Whoever calls it has granted that owner CREATE on the schema, and takes it back.$doc$;

revoke all on function rota_core.make_capture(text, text, jsonb, name) from public;
grant execute on function rota_core.make_capture(text, text, jsonb, name) to rota_owner;

set local role rota_owner;

grant insert on table rota_core.event to rota_capture;
grant usage on sequence rota_core.event_id to rota_capture;
