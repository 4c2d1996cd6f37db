create or replace function rota_core.watch_members(only_relation oid default null)
returns table (
  watch_id int, root oid, relation oid, operation text, level text, trigger_name name,
  enabled text
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  with recursive member (watch_id, root, relation) as (
    select w.watch_id, w.relation, w.relation
    from rota_core.watch as w
    where w.ended_at is null
      and w.relation = coalesce(watch_members.only_relation, w.relation)
    union
    select m.watch_id, m.root, i.inhrelid
    from member as m
    join pg_inherits as i on i.inhparent = m.relation
    where not i.inhdetachpending
  )
  select
    m.watch_id, m.root, m.relation, o.operation,
    case o.operation when 'TRUNCATE' then 'statement' else w.level end,
    t.tgname, t.tgenabled::text
  from member as m
  join rota_core.watch as w on w.watch_id = m.watch_id
  join pg_class as c on c.oid = m.root
  cross join unnest(w.operations) as o (operation)
  left join pg_trigger as t
    on t.tgrelid = m.relation and t.tgfoid = to_regproc(
      'rota_core.' || rota_core.capture_name(m.root, o.operation)
    )
  -- Postgres itself copies row triggers to partitions.
  where m.relation = m.root or c.relkind <> 'p' or w.level = 'statement'
    or o.operation = 'TRUNCATE';
$$;

comment on function rota_core.watch_members(oid) is
$doc$The triggers that a watch should have, on the table, its partitions and its children, and
which of them are there.$doc$;

revoke all on function rota_core.watch_members(oid) from public;
grant execute on function rota_core.watch_members(oid) to rota_admin, rota_reader;
