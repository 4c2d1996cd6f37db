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
    union
    select format('pipeline %s', s.pipeline)
    from rota_core.pipeline_step as s
    left join rota_core.pipeline as p on p.pipeline = s.pipeline and p.version = s.version
    where task_users.task in (s.task, s.compensate)
      and (p.pipeline is not null or exists (
        select from rota_core.pipeline_run as r
        where r.pipeline = s.pipeline and r.version = s.version and r.finished_at is null
      ))
  ) as u;
$$;

comment on function rota_core.task_users(text) is
$doc$What starts a task by name, for people to read; null when nothing does.$doc$;

revoke all on function rota_core.task_users(text) from public;
