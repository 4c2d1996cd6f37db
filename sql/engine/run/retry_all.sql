create or replace function rota.retry_all(task text, since timestamptz)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count bigint;
begin
  if not exists (select from rota_core.task as t where t.task = retry_all.task) then
    raise exception using
      errcode = 'undefined_object',
      message = format('task %s does not exist', quote_nullable(task)),
      hint = 'See what exists: select name from rota.tasks;';
  end if;
  if since is null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'since must be a time',
      hint = format('select rota.retry_all(%L, now() - interval ''1 day'');', task);
  end if;

  select count(rota_core.requeue_finished(f.run_id))
  into v_count
  from (
    select f.run_id
    from rota_core.finished_run as f
    where f.task = retry_all.task and f.state = 'failed' and not f.redacted
      and f.lane <> 'pg_cron' and f.step is null
      and f.finished_at >= retry_all.since
    order by f.run_id
    offset 0
  ) as f;
  return v_count;
end;
$$;

comment on function rota.retry_all(text, timestamptz) is
$doc$Queue again every run of a task that failed since a time, except steps of pipelines, which are
retried with their pipeline. Returns how many.

Raises 42704 for an unknown task, 22023 without a time.
For: rota_admin.$doc$;

revoke all on function rota.retry_all(text, timestamptz) from public;
grant execute on function rota.retry_all(text, timestamptz) to rota_admin;
