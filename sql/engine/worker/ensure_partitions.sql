create or replace function rota_core.ensure_partitions()
returns int
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_table text;
  v_week timestamptz;
  v_made int := 0;
begin
  foreach v_table in array array['finished_run', 'attempt', 'log'] loop
    for v_week in
      select w.week
      from generate_series(
        date_trunc('week', rota_core.wall_clock(), 'UTC'),
        date_trunc('week', rota_core.wall_clock(), 'UTC') + interval '4 weeks', interval '1 week'
      ) as w (week)
    loop
      v_made := v_made + rota_core.make_partition(v_table, v_week, v_week + interval '1 week');
    end loop;
  end loop;
  return v_made;
end;
$$;

comment on function rota_core.ensure_partitions() is
$doc$Makes history's weekly partitions, from this week to four weeks ahead. Returns how many were
made.$doc$;

revoke all on function rota_core.ensure_partitions() from public;
grant execute on function rota_core.ensure_partitions() to rota_worker;
