create or replace function rota_core.cover_watch(relation oid)
returns int
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_member record;
  v_made int := 0;
begin
  for v_member in
    select m.relation, m.operation, m.level, m.root
    from rota_core.watch_members(cover_watch.relation) as m
    where m.trigger_name is null
    order by m.relation <> m.root, m.relation, m.operation
  loop
    -- Of the triggers of a table, those of the lowest name fire first: what others change in turn
    -- is logged after what made them.
    execute format(
      'create trigger %I after %I on %s %s for each %s %s execute function rota_core.%I()',
      '00_rota_' || lower(v_member.operation), lower(v_member.operation),
      v_member.relation::regclass,
      case
        when v_member.level = 'row' or v_member.operation = 'TRUNCATE' then ''
        when v_member.operation = 'INSERT' then 'referencing new table as rota_new'
        when v_member.operation = 'DELETE' then 'referencing old table as rota_old'
        else 'referencing new table as rota_new old table as rota_old'
      end,
      case v_member.level when 'row' then 'row' else 'statement' end,
      case when v_member.level = 'row' and v_member.operation = 'UPDATE'
        then 'when (old.* operator(pg_catalog.*<>) new.*)' end,
      rota_core.capture_name(v_member.root, v_member.operation)
    );
    v_made := v_made + 1;
  end loop;
  return v_made;
end;
$$;

comment on function rota_core.cover_watch(oid) is
$doc$Creates the triggers that a watch lacks: all of them at first, those of new partitions later.
Returns how many. It runs with the rights of the owner of the table.$doc$;

revoke all on function rota_core.cover_watch(oid) from public;
grant execute on function rota_core.cover_watch(oid) to rota_admin;
