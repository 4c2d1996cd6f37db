create or replace function rota_core.health_engine()
returns table (check_name text, status text, detail text, hint text)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_tables text;
begin
  check_name := 'upgrade';
  if rota_core.setting('draining')::boolean then
    status := 'warning';
    detail := format('workers stay away until %s: the engine is being upgraded, or a deploy died', (
      select s.value from rota_core.setting as s where s.name = 'draining'
    ));
    hint := 'rota deploy (one that succeeds calls the workers back)';
  else
    status := 'ok';
    detail := 'none under way';
  end if;
  return next;

  -- A bound is a literal with its offset, whatever zone it is shown in.
  select string_agg(t.relname, ', ' order by t.relname)
  into v_tables
  from (
    select
      c.relname,
      max(substring(pg_get_expr(p.relpartbound, p.oid) from 'TO \(''([^'']*)''\)')::timestamptz)
        as ready_until
    from pg_partitioned_table as h
    join pg_class as c on c.oid = h.partrelid
    left join pg_inherits as i on i.inhparent = c.oid
    left join pg_class as p on p.oid = i.inhrelid
    where c.relnamespace = 'rota_core'::regnamespace and h.partstrat = 'r'
    group by c.relname
  ) as t
  where t.ready_until is null or t.ready_until < v_now + interval '1 day';

  check_name := 'partitions';
  if v_tables is null then
    select string_agg(d.name, ', ' order by d.name)
    into v_tables
    from (
      select 'finished_run' as name where exists (select from rota_core.finished_run_default)
      union all
      select 'attempt' where exists (select from rota_core.attempt_default)
      union all
      select 'log' where exists (select from rota_core.log_default)
      union all
      select 'event' where exists (select from rota_core.event_default)
    ) as d;
    status := case when v_tables is null then 'ok' else 'warning' end;
    detail := coalesce('rows in the default partition of ' || v_tables, 'made ahead');
  else
    status := 'critical';
    detail := 'none is ready for tomorrow in ' || v_tables;
  end if;
  hint := case when status <> 'ok'
    then 'The supervisor makes them each minute, rota deploy at once.' end;
  return next;
end;
$$;

comment on function rota_core.health_engine() is
$doc$Whether an upgrade keeps the workers away, and whether partitions are made ahead.$doc$;

revoke all on function rota_core.health_engine() from public;
grant execute on function rota_core.health_engine() to rota_reader, rota_admin;
