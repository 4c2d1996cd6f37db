create or replace function rota_core.check_subscription(
  name text, topic text, task text, types text[], since text, mode text,
  batch_size int, shards int, max_lag interval
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_kind text;
  v_problem text;
begin
  perform rota_core.check_name('subscription', name);
  perform rota_core.check_topic(topic, true);
  if task is not null then
    select t.kind into v_kind from rota_core.task as t where t.task = check_subscription.task;
    if not found then
      raise exception using
        errcode = 'undefined_object',
        message = format('task %s does not exist', task),
        hint = format('Define it first: select rota.define_task(%L, ''schema.function'');', task);
    end if;
  end if;

  v_problem := case
    when (since in ('now', 'earliest')) is not true
      then format('since is now or earliest, not %s', quote_nullable(since))
    when (mode in ('event', 'batch')) is not true
      then format('mode is event or batch, not %s', quote_nullable(mode))
    when mode = 'batch' and v_kind <> 'batch'
      then format('mode batch needs a task of kind batch, and %s is of kind %s', task, v_kind)
    when mode = 'event' and v_kind = 'batch'
      then format('task %s is of kind batch: say mode => ''batch''', task)
    when (batch_size between 1 and 10000) is not true
      then format('batch_size is a number from 1 to 10000, not %s', quote_nullable(batch_size))
    when (shards between 1 and 64) is not true
      then format('shards is a number from 1 to 64, not %s', quote_nullable(shards))
    when shards > 1 and task is null
      then 'shards are for subscriptions with a task'
    when (max_lag > interval '0') is not true
      then format('max_lag is longer than nothing, not %s', quote_nullable(max_lag))
    when types = '{}' or array_position(types, null) is not null
      then 'types is a list such as {INSERT,UPDATE}, or null for all'
  end;
  if v_problem is not null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('subscription %s: %s', name, v_problem),
      hint = 'Look at the arguments: \df+ rota.subscribe';
  end if;

  if not exists (
    select from rota_core.watch as w
    where w.ended_at is null and w.topic like rota_core.topic_pattern(check_subscription.topic)
  ) and not exists (
    select from rota_core.event as e
    where e.topic like rota_core.topic_pattern(check_subscription.topic)
    limit 1
  ) then
    raise notice using
      message = format('nothing has been captured or emitted as %s yet', topic),
      hint = 'That may be right. Topics of tables: select topic from rota.watches;';
  end if;
end;
$$;

comment on function rota_core.check_subscription(
  text, text, text, text[], text, text, int, int, interval
) is
$doc$Refuses what rota.subscribe cannot take: 22023, or 42704 for an unknown task; and remarks on a
topic that nothing has.$doc$;

revoke all on function rota_core.check_subscription(
  text, text, text, text[], text, text, int, int, interval
) from public;
