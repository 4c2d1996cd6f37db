create or replace function rota.unsubscribe(name text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_task constant text := 'subscription:' || name;
  v_held bigint;
begin
  -- A reader in the middle of a batch is waited for; it then finds no position. In its order: the
  -- position before the subscription.
  perform from rota_core.event_position as p where p.subscription = name order by p.shard for update;
  perform from rota_core.subscription as s where s.subscription = name for update;
  if not found then
    perform rota_core.raise_no_subscription(name);
  end if;

  select count(*) into v_held from rota_core.held_event as h where h.subscription = name;
  if v_held > 0 then
    insert into rota_core.log (at, level, message, context, component)
    values (
      rota_core.wall_clock(), 'warn',
      format('subscription %s was removed with %s events that it had not finished', name, v_held),
      jsonb_build_object('subscription', name, 'held', v_held), 'rota'
    );
  end if;
  delete from rota_core.subscription as s where s.subscription = name;
  delete from rota_core.pause as p where p.kind = 'subscription' and p.name = unsubscribe.name;
  perform rota_core.finish_runs(array(
    select r.run_id from rota_core.run as r
    where r.task = v_task and r.state = 'queued'
    order by r.run_id
  ), 'queued', 'cancelled');
  delete from rota_core.task as t where t.task = v_task;
end;
$$;

comment on function rota.unsubscribe(text) is
$doc$Remove a subscription, with its position, its retry list and its dead letters. What it has
delivered stays done; events that it had not finished are counted in a log line.

Waits for a batch that is being delivered. Raises 42704 when there is no such subscription.
For: rota_admin.$doc$;

revoke all on function rota.unsubscribe(text) from public;
grant execute on function rota.unsubscribe(text) to rota_admin;
