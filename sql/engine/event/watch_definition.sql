create or replace function rota_core.watch_definition(
  target regclass, operations text[], columns text[], condition text, exclude text[], key text[],
  topic text, level text
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_key text[] :=
    case when key is null then rota_core.primary_key(target) else nullif(key, '{}') end;
  v_definition jsonb;
begin
  v_definition := jsonb_strip_nulls(jsonb_build_object(
    'relation', target::oid::bigint,
    'topic', topic,
    'level', level,
    'operations', operations,
    'partitioned', (select c.relkind = 'p' from pg_class as c where c.oid = target),
    'key', rota_core.column_numbers(target, v_key),
    'columns', nullif(rota_core.column_numbers(target, columns), '[]'),
    'exclude', nullif(rota_core.column_numbers(target, exclude), '[]'),
    'digest', rota_core.columns_of(target),
    'version', rota_core.capture_version()
  ));

  if columns <> '{}' and not 'UPDATE' = any(operations) then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'columns says which updates are captured, and operations leaves them out',
      hint = 'operations => ''{INSERT,UPDATE}''';
  end if;
  if exclude && v_key then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('column %s is the key, or part of it', (
        select string_agg(e.name, ', ') from unnest(exclude) as e (name) where e.name = any(v_key)
      )),
      hint = 'Exclude other columns, or give another key: key => ''{id}''. key => ''{}'' is none.';
  end if;

  if condition is not null then
    v_definition := v_definition || rota_core.check_condition(target, condition);
  end if;
  return v_definition || jsonb_build_object('tested', (
    select coalesce(jsonb_agg(distinct c.number), '[]')
    from (
      select jsonb_array_elements(v_definition -> 'columns')
      union all
      select n.value from jsonb_each(v_definition -> 'condition_columns') as n
    ) as c (number)
  ));
end;
$$;

comment on function rota_core.watch_definition(
  regclass, text[], text[], text, text[], text[], text, text
) is
$doc$What the functions that capture a table's changes are written from. Raises 42704 and 22023 for
arguments of rota.watch_table that do not fit the table.$doc$;

revoke all on function rota_core.watch_definition(
  regclass, text[], text[], text, text[], text[], text, text
) from public;
grant execute on function rota_core.watch_definition(
  regclass, text[], text[], text, text[], text[], text, text
) to rota_admin;
