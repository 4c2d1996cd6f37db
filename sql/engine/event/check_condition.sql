create or replace function rota_core.check_condition(target regclass, condition text)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_view constant text := format('rota_condition_%s', pg_backend_pid());
  v_from constant text := format('from %1$s as new, %1$s as old', target);
  v_cursor refcursor;
  v_path jsonb := rota_core.condition_path(target);
  v_columns jsonb;
  v_problem text;
begin
  begin
    -- First where the types of all columns are, then where those are that it looks at.
    for v_round in 1..2 loop
      perform set_config('search_path', rota_core.search_path(v_path), true);
      -- A cursor takes one statement only, and only an expression fits in both places.
      open v_cursor for execute format(
        e'select coalesce((%s\n), false) as c %s', condition, v_from);
      close v_cursor;
      execute format(
        e'create temporary view %I as select (%s\n) as c %s', v_view, condition, v_from);
      v_problem := rota_core.condition_problem(v_view::regclass);
      v_columns := rota_core.condition_columns(v_view::regclass, target);
      execute format('drop view pg_temp.%I', v_view);
      v_path := rota_core.condition_path(target, v_columns);
    end loop;
  exception
    when others then
      v_problem := sqlerrm;
  end;
  if v_problem is not null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('condition of the watch on %s is not usable', target),
      detail = v_problem,
      hint = 'Write an expression over new and old:'
        ' condition => ''new.status = ''''published'''''';';
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
