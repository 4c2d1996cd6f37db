create or replace function rota_core.stands_until(subscription text)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select max(coalesce(p.until, 'infinity'))
    from rota_core.subscription as s
    join rota_core.pause as p
      on (p.kind, p.name) in (('subscription', s.subscription), ('task', s.task))
    where s.subscription = stands_until.subscription
      and (p.until is null or p.until > rota_core.wall_clock())
  );
end;
$$;

comment on function rota_core.stands_until(text) is
$doc$Until when a subscription, or the task that it feeds, is paused: infinity where that is open, null
where it is not.$doc$;

revoke all on function rota_core.stands_until(text) from public;
