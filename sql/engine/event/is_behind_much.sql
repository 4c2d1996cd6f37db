create or replace function rota_core.is_behind_much(source rota_core.subscription)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return (source).ordered and (
    select count(*) >= 10000
    from (
      select
      from rota_core.held_event as h
      where h.subscription = (source).subscription and h.next_at is null and h.dead_at is null
      limit 10000
    ) as h
  );
end;
$$;

comment on function rota_core.is_behind_much(rota_core.subscription) is
$doc$Whether so many events wait behind others of their key that no more are copied from the
log.$doc$;

revoke all on function rota_core.is_behind_much(rota_core.subscription) from public;
