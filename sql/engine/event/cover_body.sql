create or replace function rota_core.cover_body(relation oid, operations text[])
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select format($body$
declare
  v_lack record;
  v_made int := 0;
begin
  for v_lack in
    select p.relid, o.operation, format('capture_%1$s_%%s', lower(o.operation)) as function
    from pg_partition_tree(%1$s::oid::regclass) as p
    cross join unnest(%2$L::text[]) as o (operation)
    where not exists (
      select
      from pg_trigger as t
      join pg_proc as f on f.oid = t.tgfoid
      where t.tgrelid = p.relid and f.pronamespace = 'rota_core'::regnamespace
        and f.proname = format('capture_%1$s_%%s', lower(o.operation))
    )
  loop
    execute format(
      'create trigger %%I after %%s on %%s %%s for each statement execute function rota_core.%%I()',
      '00_rota_' || lower(v_lack.operation), v_lack.operation, v_lack.relid,
      case v_lack.operation
        when 'INSERT' then 'referencing new table as rota_new'
        when 'DELETE' then 'referencing old table as rota_old'
        when 'UPDATE' then 'referencing new table as rota_new old table as rota_old'
      end,
      v_lack.function
    );
    v_made := v_made + 1;
  end loop;
  return v_made;
end;
$body$, relation, operations);
$$;

comment on function rota_core.cover_body(oid, text[]) is
$doc$The body of the function that gives triggers by the statement to new partitions of a
table.$doc$;

revoke all on function rota_core.cover_body(oid, text[]) from public;
grant execute on function rota_core.cover_body(oid, text[]) to rota_admin;
