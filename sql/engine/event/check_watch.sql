create or replace function rota_core.check_watch(
  target regclass, operations text[], topic text, level text
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_table record;
  v_problem text;
  v_hint text := 'select rota.watch_table(''public.users'');';
begin
  select
    c.relkind, c.relpersistence, c.relispartition, n.nspname, c.relowner,
    (select i.inhparent::regclass from pg_inherits as i where i.inhrelid = c.oid limit 1) as parent,
    exists (select from pg_inherits as i where i.inhparent = c.oid) as has_children
  into v_table
  from pg_class as c
  join pg_namespace as n on n.oid = c.relnamespace
  where c.oid = target;

  if not found then
    v_problem := format('table %s does not exist', coalesce(target::text, 'null'));
  elsif v_table.relkind not in ('r', 'p') then
    v_problem := format('%s is no table', target);
    v_hint := 'Views, foreign tables and the like cannot be watched: watch the tables behind them.';
  elsif v_table.nspname in ('pg_catalog', 'information_schema', 'rota', 'rota_core') then
    v_problem := format('%s cannot be watched: it belongs to %s', target,
      case when starts_with(v_table.nspname, 'rota') then 'rota' else 'the system' end);
  elsif v_table.relpersistence = 't' then
    v_problem := format('%s cannot be watched: it is a temporary table', target);
  elsif v_table.relispartition then
    v_problem := format('%s is a partition of %s', target, v_table.parent);
    v_hint := format('Watch the whole: select rota.watch_table(%L);', v_table.parent);
  elsif level is null or level not in ('statement', 'row') then
    v_problem := format('level %L is unknown', level);
    v_hint := 'It is statement or row.';
  elsif level = 'statement' and v_table.relkind = 'r'
    and (v_table.parent is not null or v_table.has_children)
  then
    v_problem := format('%s takes part in inheritance: by the statement, changes would be missed',
      target);
    v_hint := format('select rota.watch_table(%L, level => ''row'');', target);
  elsif v_table.relkind = 'p' and exists (
    select from pg_partition_tree(target) as p join pg_class as c on c.oid = p.relid
    where c.relkind = 'f'
  ) then
    v_problem := format('%s has a foreign table for a partition', target);
    v_hint := 'Watch its other partitions on their own, before they are attached.';
  elsif coalesce(operations, '{}') = '{}' or array_position(operations, null) > 0
    or not operations <@ array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']
  then
    v_problem := format('operations %s are not usable', coalesce(operations::text, 'null'));
    v_hint := 'They are some of INSERT, UPDATE, DELETE and TRUNCATE: operations => ''{INSERT}''.';
  elsif topic is null or topic !~ '^[^*]{1,200}$' then
    v_problem := format('topic %s is not usable', coalesce(quote_literal(left(topic, 80)), 'null'));
    v_hint := 'Use 1 to 200 characters and no *: topic => ''users''.';
  end if;

  if v_problem is not null then
    raise exception using
      errcode = case when v_table.relkind is null then '42704' else '22023' end,
      message = v_problem,
      hint = v_hint;
  end if;

  if not pg_has_role(current_user, v_table.relowner, 'usage') then
    raise exception using
      errcode = 'insufficient_privilege',
      message = format('%s may not watch %s: it belongs to %s', current_user, target,
        v_table.relowner::regrole),
      hint = format('As a superuser or %1$s: grant %1$s to %2$I;', v_table.relowner::regrole,
        current_user);
  end if;
end;
$$;

comment on function rota_core.check_watch(regclass, text[], text, text) is
$doc$Refuses, with 22023, 42704 or 42501, a table that cannot be watched, by this caller or in this
way.$doc$;

revoke all on function rota_core.check_watch(regclass, text[], text, text) from public;
grant execute on function rota_core.check_watch(regclass, text[], text, text) to rota_admin;
