set local role rota_capture;

create or replace function rota_core.try_capture(definition jsonb, sample anyelement)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lacking text;
  v_detail text;
  v_operation text;
begin
  select string_agg(quote_ident(s.name), ', ')
  into v_lacking
  from jsonb_array_elements_text(definition -> 'path') as s (name)
  where not has_schema_privilege(s.name, 'usage');

  perform set_config('search_path', rota_core.search_path(definition -> 'path'), true);
  foreach v_operation in array array['INSERT', 'UPDATE', 'DELETE'] loop
    begin
      execute rota_core.capture_row_query(definition, v_operation) using sample, sample;
    exception
      when insufficient_privilege then
        v_detail := sqlerrm;
        v_lacking := coalesce(v_lacking, substring(sqlerrm from 'for schema (\S+)$'));
      -- What a condition makes of a row of nulls is no matter.
      when others then
        continue;
    end;
  end loop;

  if v_lacking is not null or v_detail is not null then
    raise exception using
      errcode = 'insufficient_privilege',
      message = format(
        'rota_capture, who evaluates the condition of the watch on %s, lacks a right',
        (definition ->> 'relation')::oid::regclass
      ),
      detail = coalesce(v_detail, format('permission denied for schema %s', v_lacking)),
      hint = coalesce(
        format('grant usage on schema %s to rota_capture;', v_lacking),
        'grant execute on function app.is_due(int) to rota_capture;'
      );
  end if;
end;
$$;

comment on function rota_core.try_capture(jsonb, anyelement) is
$doc$Evaluates the condition of a watch once, with the rights that it will have. Raises 42501 when
they do not suffice.$doc$;

revoke all on function rota_core.try_capture(jsonb, anyelement) from public;
grant execute on function rota_core.try_capture(jsonb, anyelement) to rota_admin;

set local role rota_owner;
