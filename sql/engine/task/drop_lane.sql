create or replace function rota.drop_lane(name text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_tasks text;
begin
  if name = 'default' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'lane default cannot be dropped',
      hint = 'select rota.define_lane(''default'', workers => 0);';
  end if;

  perform from rota_core.lane as l where l.lane = drop_lane.name for update;
  if not found then
    raise exception using
      errcode = 'undefined_object',
      message = format('lane %s does not exist', quote_nullable(name)),
      hint = 'See what exists: select distinct lane from rota.tasks;';
  end if;

  select string_agg(t.task, ', ' order by t.task)
  into v_tasks
  from rota_core.task as t
  where t.lane = drop_lane.name;
  if v_tasks is not null then
    raise exception using
      errcode = 'RT002',
      message = format('lane %s is still used', name),
      detail = format('By the tasks %s.', v_tasks),
      hint = 'Define those tasks with another lane first.';
  end if;

  delete from rota_core.pause as p where p.kind = 'lane' and p.name = drop_lane.name;
  delete from rota_core.lane as l where l.lane = drop_lane.name;
  perform rota_core.sync_cron();
end;
$$;

comment on function rota.drop_lane(text) is
$doc$Drop a lane that no task uses any more.

Raises 42704 for an unknown lane, 22023 for lane default, RT002 while tasks use it, naming them.
For: rota_admin.$doc$;

revoke all on function rota.drop_lane(text) from public;
grant execute on function rota.drop_lane(text) to rota_admin;
