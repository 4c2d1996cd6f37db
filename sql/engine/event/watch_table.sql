create or replace function rota.watch_table(
  target regclass, operations text[] default '{INSERT,UPDATE,DELETE}', columns text[] default null,
  condition text default null, exclude text[] default null, key text[] default null,
  topic text default null, level text default 'statement'
)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_table record;
  v_definition jsonb;
  v_later text[];
begin
  select c.relkind, c.oid, coalesce(watch_table.topic, n.nspname || '.' || c.relname) as topic
  into v_table
  from pg_class as c
  join pg_namespace as n on n.oid = c.relnamespace
  where c.oid = target;
  perform rota_core.check_watch(target, operations, v_table.topic, level);
  v_definition := rota_core.watch_definition(
    target, operations, columns, condition, exclude, key, v_table.topic, level
  );
  -- Said again, it costs no lock on the table.
  if rota_core.watch_stands(v_definition) then
    return v_table.topic;
  end if;

  -- Columns and kin are read again: they must not change until the triggers are there.
  execute format('lock table %s in share row exclusive mode', target);
  v_definition := rota_core.watch_definition(
    target, operations, columns, condition, exclude, key, v_table.topic, level
  );
  if condition is not null then
    execute format('select rota_core.try_capture($1, null::%s)', target) using v_definition;
  end if;

  perform rota_core.save_watch(v_definition, current_user);
  perform rota_core.cover_watch(v_table.oid);
  -- Postgres copies row triggers to new partitions by itself.
  v_later := case level
    when 'row' then array(select o.n from unnest(operations) as o (n) where o.n = 'TRUNCATE')
    else operations
  end;
  if v_table.relkind = 'p' and v_later <> '{}' then
    perform rota_core.cover_later(v_table.oid, v_later);
  end if;
  return v_table.topic;
end;
$$;

comment on function rota.watch_table(
  regclass, text[], text[], text, text[], text[], text, text
) is
$doc$Capture the changes of a table as events, from the next statement on.

- operations: INSERT, UPDATE, DELETE, TRUNCATE. An UPDATE that changes nothing is no event.
- columns: capture an UPDATE only where one of these changed.
- condition: an expression over new and old, such as `new.status = 'published' and old.status is
  distinct from new.status`. What is not there, old on INSERT and new on DELETE, is null. It may
  call immutable and stable functions, written with their schema; they run as rota_capture, which
  needs the rights.
- exclude: columns that no event shows.
- key: what tells rows apart, where the order of events of one row matters (default: the primary
  key).
- topic: what the events are found under (default: schema.table).
- level: `statement`, which costs little however many rows change, or `row`, for tables that take
  part in inheritance and where triggers of their own change rows again.

Of a partitioned table, changes through it and in partitions are captured as its own, in new
partitions within a minute. Creating triggers waits for transactions that write to the table.
To watch a table again in the same way changes nothing. Returns the topic.
Raises 42501 for who may not create triggers on the table, 42704 for an unknown column, 42710 when
it is watched in another way, 22023 for a bad argument.
For: rota_admin.$doc$;

revoke all on function rota.watch_table(
  regclass, text[], text[], text, text[], text[], text, text
) from public;
grant execute on function rota.watch_table(
  regclass, text[], text[], text, text[], text[], text, text
) to rota_admin;
