create or replace function rota_core.save_delivery_task(subscription text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name constant text := 'subscription:' || subscription;
begin
  insert into rota_core.task as t (
    task, handler, kind, takes, statement, timeout, max_attempts, initial_delay, backoff_factor,
    max_delay, jitter, retry_on, lane, priority, alert, tags, owner, doc, defined_at, defined_by
  )
  select
    v_name, 'rota_core.deliver', 'chunked', 'input_state', 'select rota_core.deliver($1, $2)',
    d.timeout, 20, interval '1 s', 1.5, interval '1 min', 0, '{}', d.lane, d.priority, d.alert,
    d.tags, d.owner, '{}', s.defined_at, s.defined_by
  from rota_core.subscription as s
  join rota_core.task as d on d.task = s.task
  where s.subscription = save_delivery_task.subscription
  on conflict (task) do update set
    (timeout, lane, priority, alert, tags, owner, defined_at, defined_by) =
    (excluded.timeout, excluded.lane, excluded.priority, excluded.alert, excluded.tags,
      excluded.owner, excluded.defined_at, excluded.defined_by);
  if not found then
    delete from rota_core.task as t where t.task = v_name;
  end if;
  perform rota_core.place_runs(v_name);
end;
$$;

comment on function rota_core.save_delivery_task(text) is
$doc$The task that reads for a subscription, subscription:<name>: with the timeout, lane and
priority of the task that handles the events. It is rota's own: rota.tasks does not show it.$doc$;

revoke all on function rota_core.save_delivery_task(text) from public;
