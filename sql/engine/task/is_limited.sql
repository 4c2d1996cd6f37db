create or replace function rota_core.is_limited(task rota_core.task)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (is_limited.task).concurrency is not null
    or (is_limited.task).mutex is not null
    or (is_limited.task).rate_limit is not null
    or (is_limited.task).kind = 'external'
    or exists (
      select
      from rota_core.pause as p
      where p.kind = 'task' and p.name = (is_limited.task).task
    );
end;
$$;

comment on function rota_core.is_limited(rota_core.task) is
$doc$Whether runs of a task are claimed one task at a time, from the index of limited runs.$doc$;

revoke all on function rota_core.is_limited(rota_core.task) from public;
