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
    select c.relname as parent, p.relname as name
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhparent
    join pg_class as p on p.oid = i.inhrelid
    where c.relnamespace = 'rota_core'::regnamespace
      and c.relname in ('finished_run', 'attempt', 'log') and p.relname ~ '_p\d{8}$'
      and to_date(right(p.relname, 8), 'YYYYMMDD') + interval '1 week'
        < (rota_core.wall_clock() - rota_core.setting(
          case c.relname when 'log' then 'log_keep' else 'history_keep' end
        )::interval) at time zone 'UTC'
    order by p.relname
  loop
    begin
      -- A plain drop would queue for the parent's lock in front of every writer.
      perform set_config('lock_timeout', '50ms', true);
      execute format('alter table rota_core.%I detach partition rota_core.%I',
        v_part.parent, v_part.name);
      execute format('drop table rota_core.%I', v_part.name);
      v_dropped := v_dropped + 1;
    exception when lock_not_available then
      return v_dropped;
    end;
  end loop;
  return v_dropped;
end;
$$;

comment on function rota_core.drop_partitions() is
$doc$Drops history's partitions that are older than the settings history_keep and log_keep say.
Returns how many; one whose lock cannot be had at once is tried again a minute later.$doc$;

revoke all on function rota_core.drop_partitions() from public;
grant execute on function rota_core.drop_partitions() to rota_worker;
