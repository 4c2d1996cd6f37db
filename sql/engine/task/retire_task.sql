create or replace function rota_core.retire_task(name text)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_live bigint;
begin
  select count(*) into v_live from rota_core.run as r where r.task = retire_task.name;
  if v_live > 0 then
    update rota_core.task as t
    set retired_at = coalesce(t.retired_at, rota_core.wall_clock())
    where t.task = retire_task.name;
  elsif exists (select from rota_core.pipeline as p where p.pipeline = retire_task.name) then
    perform rota.drop_pipeline(name);
  else
    perform rota.drop_task(name);
  end if;
  return v_live;
end;
$$;

comment on function rota_core.retire_task(text) is
$doc$Drops a task or pipeline that has no live runs; else it is started no more, and those go on.

Returns how many there are. To define it again calls it back.
Raises 42704 when there is no such task, RT002 while something uses it, naming what.$doc$;

revoke all on function rota_core.retire_task(text) from public;
