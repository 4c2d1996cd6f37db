create or replace function rota_core.external_tasks()
returns table (task text, lane text, timeout interval)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select t.task, t.lane, t.timeout
  from rota_core.task as t
  where t.kind = 'external'
  order by t.task;
$$;

comment on function rota_core.external_tasks() is
$doc$The tasks that are done outside the database, for workers that look which of them they
know.$doc$;

revoke all on function rota_core.external_tasks() from public;
grant execute on function rota_core.external_tasks() to rota_worker;
