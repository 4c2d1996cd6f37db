create or replace function rota_core.check_pausable(kind text, name text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if kind is null or kind not in ('task', 'schedule', 'lane', 'subscription') then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('kind %s cannot be paused', quote_nullable(kind)),
      hint = 'Kinds are task, schedule, lane and subscription.';
  end if;

  if not (case check_pausable.kind
    when 'task' then exists (select from rota_core.task as t where t.task = name)
    when 'schedule' then exists (select from rota_core.schedule as s where s.schedule = name)
    when 'subscription' then exists (
      select from rota_core.subscription as b where b.subscription = name
    )
    else exists (select from rota_core.lane as l where l.lane = name)
  end) then
    raise exception using
      errcode = 'undefined_object',
      message = format('%s %s does not exist', kind, quote_nullable(name)),
      hint = case check_pausable.kind
        when 'lane' then 'See what exists: select distinct lane from rota.tasks;'
        else format('See what exists: select name from rota.%ss;', kind) end;
  end if;
end;
$$;

comment on function rota_core.check_pausable(text, text) is
$doc$Refuses a kind that cannot be paused (22023) and a name that does not exist (42704).$doc$;

revoke all on function rota_core.check_pausable(text, text) from public;
