set local role rota_capture;

create or replace function rota_core.try_capture(definition jsonb, sample anyelement)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_operation text;
begin
  perform set_config(
    'search_path', concat_ws(', ', 'pg_catalog', definition ->> 'path', 'pg_temp'), true
  );
  foreach v_operation in array array['INSERT', 'UPDATE', 'DELETE'] loop
    begin
      execute rota_core.capture_row_query(definition, v_operation) using sample, sample;
    exception
      when insufficient_privilege then
        raise exception using
          errcode = 'insufficient_privilege',
          message = format(
            'rota_capture lacks a right to evaluate the condition of the watch on %s',
            (definition ->> 'relation')::regclass
          ),
          detail = sqlerrm,
          hint = 'It needs the schemas and functions used: grant usage on schema app to'
            ' rota_capture;';
      -- What a condition makes of a row of nulls is no matter.
      when others then
        continue;
    end;
  end loop;
end;
$$;

comment on function rota_core.try_capture(jsonb, anyelement) is
$doc$Evaluates the condition of a watch once, with the rights that it will have. Raises 42501 when
they do not suffice.$doc$;

revoke all on function rota_core.try_capture(jsonb, anyelement) from public;
grant execute on function rota_core.try_capture(jsonb, anyelement) to rota_admin;

set local role rota_owner;
