create or replace function rota_core.drop_partitions()
returns int
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_part record;
  v_dropped int := 0;
begin
  for v_part in
    select l.parent, t.name
    from rota_core.partition_plans() as l
    cross join lateral rota_core.partitions(l.parent) as t
    -- The event log goes by more than age: drop_event_partitions.
    where l.parent <> 'event'
      and t.to_at < rota_core.wall_clock() - rota_core.setting(l.keep)::interval
    order by t.from_at, l.parent
  loop
    exit when not rota_core.drop_partition(v_part.parent, v_part.name);
    v_dropped := v_dropped + 1;
  end loop;
  return v_dropped;
end;
$$;

comment on function rota_core.drop_partitions() is
$doc$Drops history's partitions that are older than the settings history_keep and log_keep say.
Returns how many; one whose lock cannot be had at once is tried again a minute later.$doc$;

revoke all on function rota_core.drop_partitions() from public;
grant execute on function rota_core.drop_partitions() to rota_worker;
