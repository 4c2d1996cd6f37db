create or replace function rota_core.is_holding_much(subscription text, shard int)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select count(*) >= 1000
    from (
      select
      from rota_core.held_event as h
      where h.subscription = is_holding_much.subscription and h.shard = is_holding_much.shard
        and h.next_at is not null
      limit 1000
    ) as h
  );
end;
$$;

comment on function rota_core.is_holding_much(text, int) is
$doc$Whether so many events of a shard wait for their next attempt that no more of the log is
read: when everything fails, the log waits.$doc$;

revoke all on function rota_core.is_holding_much(text, int) from public;
