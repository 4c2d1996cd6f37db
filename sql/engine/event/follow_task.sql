create or replace function rota_core.follow_task(task text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_wrong text;
begin
  select string_agg(format('%s is of mode %s', s.subscription, s.mode), ', ' order by s.subscription)
  into v_wrong
  from rota_core.subscription as s
  join rota_core.task as t on t.task = s.task
  where s.task = follow_task.task and (s.mode = 'batch') <> (t.kind = 'batch');
  if v_wrong is not null then
    raise exception using
      errcode = 'RT002',
      message = format('task %s cannot become of another kind', task),
      detail = format('Subscription %s.', v_wrong),
      hint = 'Unsubscribe first, or define a task of another name.';
  end if;
  perform rota_core.save_delivery_task(s.subscription)
  from rota_core.subscription as s
  where s.task = follow_task.task;
end;
$$;

comment on function rota_core.follow_task(text) is
$doc$Lets the subscriptions of a task follow its new definition. Raises RT002 when their mode does
not go with it.$doc$;

revoke all on function rota_core.follow_task(text) from public;
