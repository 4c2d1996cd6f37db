create or replace function rota_core.capture_row_query(definition jsonb, operation text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_new constant text := rota_core.capture_side(definition, 'new', false, '(select ($1).*)');
  v_old constant text := rota_core.capture_side(definition, 'old', false, '(select ($2).*)');
begin
  return format(
    'select %s, %s, %s from %s',
    rota_core.capture_test(definition, operation),
    case when operation = 'DELETE' then 'null::json' else 'json_build_array(n.r)' end,
    case when operation = 'INSERT' then 'null::json' else 'json_build_array(o.r)' end,
    case operation
      when 'INSERT' then format('(%s) as n', v_new)
      when 'DELETE' then format('(%s) as o', v_old)
      else format('(%s) as n cross join (%s) as o', v_new, v_old)
    end
  );
end;
$$;

comment on function rota_core.capture_row_query(jsonb, text) is
$doc$The query by which a row trigger makes of its new and old row what is logged, when the table
has changed since it was written.$doc$;

revoke all on function rota_core.capture_row_query(jsonb, text) from public;
grant execute on function rota_core.capture_row_query(jsonb, text) to rota_capture;
