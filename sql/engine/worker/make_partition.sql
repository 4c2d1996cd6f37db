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
  v_column text := case parent when 'log' then 'at' else 'finished_at' end;
begin
  if to_regclass('rota_core.' || quote_ident(v_name)) is not null then
    return 0;
  end if;

  -- Made apart and attached, rows of the default partition with it: no writer ever waits for more
  -- than the attachment, and rows that came while the partition was missing are found where they
  -- belong.
  perform set_config('lock_timeout', '50ms', true);
  execute format(
    'create table rota_core.%I (like rota_core.%I including defaults including constraints)',
    v_name, parent
  );
  execute format(
    'with moved as (
       delete from rota_core.%1$I as d where d.%2$I >= $1 and d.%2$I < $2 returning d.*
     )
     insert into rota_core.%3$I overriding system value select m.* from moved as m',
    parent || '_default', v_column, v_name
  ) using from_at, to_at;
  execute format(
    'alter table rota_core.%I attach partition rota_core.%I for values from (%L) to (%L)',
    parent, v_name, from_at, to_at
  );
  return 1;
exception when lock_not_available or deadlock_detected then
  -- Tried again a minute later; until then rows go to the default partition.
  return 0;
end;
$$;

comment on function rota_core.make_partition(text, timestamptz, timestamptz) is
$doc$Makes one partition of a history table, unless it is there or its lock cannot be had at
once.$doc$;

revoke all on function rota_core.make_partition(text, timestamptz, timestamptz) from public;
