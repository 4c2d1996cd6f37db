create or replace function rota_core.step_cycle(steps rota_core.pipeline_step[])
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_left text[] := array(select s.step from unnest(steps) as s);
  v_free text[];
  v_path text[];
begin
  -- Kahn, Topological sorting of large networks, 1962: take away what waits for nothing.
  loop
    v_free := array(
      select s.step
      from unnest(steps) as s
      where s.step = any (v_left) and not s.after && v_left
    );
    exit when v_free = '{}';
    v_left := array(select l.step from unnest(v_left) as l (step) where l.step <> all (v_free));
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
