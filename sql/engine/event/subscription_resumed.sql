create or replace function rota_core.subscription_resumed(kind text, name text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rota_core.event_position as p
  set wake_at = rota_core.wall_clock()
  from rota_core.subscription as s
  where s.subscription = p.subscription
    and case subscription_resumed.kind
      when 'task' then s.task = subscription_resumed.name
      else s.subscription = subscription_resumed.name end;
  if kind = 'subscription' then
    perform rota_core.note_missed(name);
  end if;
end;
$$;

comment on function rota_core.subscription_resumed(text, text) is
$doc$Lets workers look for what came while a subscription, or the task that it feeds, was paused,
and has the log kept for it again.$doc$;

revoke all on function rota_core.subscription_resumed(text, text) from public;
