create or replace function rota_core.limited_tasks()
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select t.task
    from rota_core.task as t
    where t.concurrency is not null or t.mutex is not null or t.rate_limit is not null
      or t.kind = 'external'
  );
end;
$$;

comment on function rota_core.limited_tasks() is
$doc$The tasks whose runs are never claimed as general ones: a start that was open while its task
got a limit may have left one in the wrong index, until upkeep puts it right.$doc$;

revoke all on function rota_core.limited_tasks() from public;
