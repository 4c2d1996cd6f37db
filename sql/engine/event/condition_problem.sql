create or replace function rota_core.condition_problem(view regclass)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_tree text;
  v_function text;
begin
  select r.ev_action
  into strict v_tree
  from pg_rewrite as r
  where r.ev_class = condition_problem.view;

  if (
    select array_agg(a.atttypid order by a.attnum)
    from pg_attribute as a where a.attrelid = condition_problem.view and a.attnum > 0
  ) <> array['boolean'::regtype::oid] then
    return 'it is no single boolean expression';
  end if;
  -- In a tree, a brace that belongs to a name has a backslash before it.
  if v_tree ~ '(?<!\\)\{(SUBLINK|AGGREF|WINDOWFUNC|GROUPINGFUNC|SETOPERATIONSTMT)\M' then
    return 'it has a subquery, an aggregate or a window function';
  end if;
  if v_tree ~ '(?<!\\)\{VAR :varno \d+ :varattno (0|-\d+)\M' then
    return 'it uses a whole row or a system column: name columns, such as new.status';
  end if;

  select string_agg(distinct p.oid::regprocedure::text, ', ')
  into v_function
  from regexp_matches(v_tree, ':(?:op)?funcid (\d+)', 'g') as f (id)
  join pg_proc as p on p.oid = f.id[1]::oid
  where p.provolatile = 'v' or p.proretset;
  if v_function is not null then
    return format('it calls %s, which is volatile or returns a set', v_function);
  end if;
  return null;
end;
$$;

comment on function rota_core.condition_problem(regclass) is
$doc$Why the expression of a view is no condition of a watch, or null.$doc$;

revoke all on function rota_core.condition_problem(regclass) from public;
grant execute on function rota_core.condition_problem(regclass) to rota_admin;
