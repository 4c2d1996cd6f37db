create or replace function rota_core.task_users(task text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select string_agg(u.name, ', ' order by u.name)
  from (
    select format('schedule %s', s.schedule) as name
    from rota_core.schedule as s
    where s.task = task_users.task
    union all
    select format('subscription %s', b.subscription)
    from rota_core.subscription as b
    where b.task = task_users.task
  ) as u;
$$;

comment on function rota_core.task_users(text) is
$doc$What starts a task by name, for people to read; null when nothing does.$doc$;

revoke all on function rota_core.task_users(text) from public;
