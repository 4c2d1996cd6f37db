create or replace function rota_core.subscription_stands(subscription text)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select
    from rota_core.subscription as s
    join rota_core.pause as p
      on (p.kind, p.name) in (('subscription', s.subscription), ('task', s.task))
    where s.subscription = subscription_stands.subscription
      and (p.until is null or p.until > rota_core.wall_clock())
  );
end;
$$;

comment on function rota_core.subscription_stands(text) is
$doc$Whether a subscription, or the task that it feeds, is paused.$doc$;

revoke all on function rota_core.subscription_stands(text) from public;
