create or replace function rota_core.check_condition(target regclass, condition text)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_path text;
  v_view constant text := format('rota_condition_%s', pg_backend_pid());
  v_cursor refcursor;
  v_columns jsonb;
  v_problem text;
  v_from constant text := format('from %1$s as new, %1$s as old', target);
begin
  -- So that operators of an extension's types are found. The types of pg_catalog need no path.
  select string_agg(distinct quote_ident(n.nspname), ', ')
  into v_path
  from pg_attribute as a
  join pg_type as t on t.oid = a.atttypid
  join pg_namespace as n on n.oid = t.typnamespace
  where a.attrelid = target and a.attnum > 0 and not a.attisdropped
    and t.typtype = 'b' and t.typcategory <> 'A' and n.nspname <> 'pg_catalog';
  perform set_config('search_path', concat_ws(', ', 'pg_catalog', v_path, 'pg_temp'), true);

  begin
    -- A cursor takes one statement only; in both places only an expression fits.
    open v_cursor for execute format(e'select coalesce((%s\n), false) as c %s', condition, v_from);
    close v_cursor;
    execute format(e'create temporary view %I as select (%s\n) as c %s', v_view, condition, v_from);
    v_problem := rota_core.condition_problem(v_view::regclass);
    v_columns := rota_core.condition_columns(v_view::regclass, target);
    execute format('drop view pg_temp.%I', v_view);
  exception
    when query_canceled then raise;
    when others then
      v_problem := sqlerrm;
  end;
  if v_problem is not null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('condition of the watch on %s is not usable', target),
      detail = v_problem,
      hint = 'Write an expression over new and old: condition => ''new.status = ''''published'''''';';
  end if;
  return jsonb_strip_nulls(jsonb_build_object(
    'condition', condition, 'condition_columns', v_columns, 'path', v_path
  ));
end;
$$;

comment on function rota_core.check_condition(regclass, text) is
$doc$Refuses, with 22023 and the words of Postgres, a condition that is not one boolean expression
over columns of new and old. Returns what a watch needs to know of it.$doc$;

revoke all on function rota_core.check_condition(regclass, text) from public;
grant execute on function rota_core.check_condition(regclass, text) to rota_admin;
