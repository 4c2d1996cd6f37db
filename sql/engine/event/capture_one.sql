create or replace function rota_core.capture_one(definition jsonb, operation text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Of other types a cast to json may be somebody's function, and fail.
  if definition ->> 'exclude' is not null or definition ->> 'condition' is not null
    or definition -> 'tested' <> '[]'
    or exists (
      select
      from pg_attribute as a
      join pg_type as t on t.oid = a.atttypid
      where a.attrelid = (definition ->> 'relation')::oid and a.attnum > 0
        and t.typnamespace <> 'pg_catalog'::regnamespace
    )
  then
    return '';
  end if;

  return format(
    $q$
  insert into rota_core.event (watch_id, topic, type, record, old_record)
  select %1$s, %2$L, %3$L, %4$s
  if found then
    return null;
  end if;
$q$,
    definition ->> 'watch_id', definition ->> 'topic', operation,
    case operation
      when 'UPDATE' then format(
        $q$x.n, x.o
  from (
    select
      count(*) as c, json_agg(n.r) as n, json_agg(o.r) as o,
      bool_and(record_image_ne(n.r, o.r)) as p
    from (%1$s limit 2) as n
    cross join (%2$s limit 2) as o
  ) as x
  where x.c = 1 and x.p;$q$,
        rota_core.capture_side(definition, 'new'), rota_core.capture_side(definition, 'old')
      )
      else format(
        $q$%1$s
  from (select count(*) as c, json_agg(s.r) as j from (%2$s limit 2) as s) as x
  where x.c = 1;$q$,
        case operation when 'DELETE' then 'null, x.j' else 'x.j, null' end,
        rota_core.capture_side(definition, case operation when 'DELETE' then 'old' else 'new' end)
      )
    end
  );
end;
$$;

comment on function rota_core.capture_one(jsonb, text) is
$doc$The statement of a trigger function that captures a single row, where nothing is filtered and
nothing that a user wrote can fail: half the cost of looking first. Empty for other tables.$doc$;

revoke all on function rota_core.capture_one(jsonb, text) from public;
