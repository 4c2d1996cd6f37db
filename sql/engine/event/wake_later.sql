create or replace function rota_core.wake_later(kind text, name text, at timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- A reader that has a position in hand finds the pause when it goes on.
  update rota_core.position as p
  set wake_at = wake_later.at
  from (
    select a.subscription, a.shard
    from rota_core.position as a
    join rota_core.subscription as s on s.subscription = a.subscription
    where case wake_later.kind
      when 'task' then s.task = wake_later.name
      else s.subscription = wake_later.name end
    for update of a skip locked
  ) as f
  where p.subscription = f.subscription and p.shard = f.shard;
end;
$$;

comment on function rota_core.wake_later(text, text, timestamptz) is
$doc$Lets workers look at a subscription, or at those of a task, when its pause is over.$doc$;

revoke all on function rota_core.wake_later(text, text, timestamptz) from public;
