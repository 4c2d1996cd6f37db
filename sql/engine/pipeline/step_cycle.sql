create or replace function rota_core.step_cycle(steps rota_core.pipeline_step[])
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_left text[] := array(select s.step from unnest(steps) as s);
  v_before int;
  v_step rota_core.pipeline_step;
  v_path text[];
begin
  -- Kahn, Topological sorting of large networks, 1962: take away what waits for nothing. Steps that
  -- stand behind those they wait for, as most do, go in one turn.
  loop
    v_before := cardinality(v_left);
    foreach v_step in array steps loop
      if not (v_step).after && v_left then
        v_left := array_remove(v_left, (v_step).step);
      end if;
    end loop;
    exit when cardinality(v_left) = v_before;
  end loop;
  if v_left = '{}' then
    return null;
  end if;

  -- Each of those left waits for another of them: who follows comes back to where they were.
  v_path := v_left[:1];
  loop
    v_path := (
      select array(select a.name from unnest(s.after) as a (name) where a.name = any (v_left))
      from unnest(steps) as s
      where s.step = v_path[1]
    )[:1] || v_path;
    exit when v_path[1] = any (v_path[2:]);
  end loop;
  return array_to_string(v_path[:array_position(v_path, v_path[1], 2)], ' -> ');
end;
$$;

comment on function rota_core.step_cycle(rota_core.pipeline_step[]) is
$doc$Steps that wait for each other, as `a -> b -> a`; null when there are none.$doc$;

revoke all on function rota_core.step_cycle(rota_core.pipeline_step[]) from public;
