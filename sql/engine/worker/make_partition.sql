create or replace function rota_core.make_partition(
  parent text, from_at timestamptz, to_at timestamptz
)
returns int
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text := format('%s_p%s', parent, to_char(from_at at time zone 'UTC', 'YYYYMMDD'));
  v_default text := parent || '_default';
  v_now timestamptz := rota_core.wall_clock();
  v_column text;
begin
  if to_regclass('rota_core.' || quote_ident(v_name)) is not null then
    return 0;
  end if;
  select p.time_column
  into v_column
  from rota_core.partition_plans() as p
  where p.parent = make_partition.parent;

  -- Made apart and attached, rows of the default partition with it: no writer ever waits for more
  -- than the attachment, and rows that came while the partition was missing are found where they
  -- belong.
  perform set_config('lock_timeout', '50ms', true);
  if v_now >= from_at and v_now < to_at then
    -- It may be written to just now, and what came between the move and the attachment would
    -- forbid that. Much is not moved under this lock: it waits for the end of its time.
    execute format('lock table rota_core.%I in access exclusive mode', v_default);
    if pg_relation_size(format('rota_core.%I', v_default)::regclass) > 64 * 1024 * 1024 then
      return 0;
    end if;
  end if;
  execute format(
    'create table rota_core.%I (like rota_core.%I including defaults including constraints)',
    v_name, parent
  );
  if parent = 'event' then
    -- A row of the log fills a page at most: up to there it is neither compressed nor toasted.
    execute format('alter table rota_core.%I set (toast_tuple_target = 8160)', v_name);
  end if;
  execute format(
    'with moved as (
       delete from rota_core.%1$I as d where d.%2$I >= $1 and d.%2$I < $2 returning d.*
     )
     insert into rota_core.%3$I overriding system value select m.* from moved as m',
    v_default, v_column, v_name
  ) using from_at, to_at;
  execute format(
    'alter table rota_core.%I attach partition rota_core.%I for values from (%L) to (%L)',
    parent, v_name, from_at, to_at
  );
  return 1;
exception when lock_not_available or deadlock_detected or check_violation then
  -- Tried again a minute later; until then rows go to the default partition.
  return 0;
end;
$$;

comment on function rota_core.make_partition(text, timestamptz, timestamptz) is
$doc$Makes one partition of a table that is partitioned by time, unless it is there or its lock
cannot be had at once.$doc$;

revoke all on function rota_core.make_partition(text, timestamptz, timestamptz) from public;
