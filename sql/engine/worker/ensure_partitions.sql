create or replace function rota_core.ensure_partitions()
returns int
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_plan record;
  v_unit text;
  v_now timestamptz := rota_core.wall_clock();
  v_from timestamptz;
  v_made int := 0;
begin
  for v_plan in select p.* from rota_core.partition_plans() as p loop
    v_unit := case v_plan.step when interval '1 day' then 'day' else 'week' end;
    for v_from in execute format(
      -- What lies in the default partition came while its own was missing.
      'select g.start
       from generate_series(date_trunc($1, $2, ''UTC''), date_trunc($1, $2, ''UTC'') + $3, $4)
         as g (start)
       union
       select date_trunc($1, d.%I, ''UTC'') from rota_core.%I as d
       order by 1',
      v_plan.time_column, v_plan.parent || '_default'
    ) using v_unit, v_now, v_plan.ahead, v_plan.step
    loop
      v_made := v_made + rota_core.make_partition(v_plan.parent, v_from, v_from + v_plan.step);
    end loop;
  end loop;
  return v_made;
end;
$$;

comment on function rota_core.ensure_partitions() is
$doc$Makes the partitions of history and of the event log: weeks and days from now on, some ahead,
and those of whatever lies in a default partition. Returns how many were made.$doc$;

revoke all on function rota_core.ensure_partitions() from public;
grant execute on function rota_core.ensure_partitions() to rota_worker;
