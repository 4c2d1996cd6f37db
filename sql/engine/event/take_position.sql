create or replace function rota_core.take_position(subscription text, shard int)
returns rota_core.event_position
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_until constant timestamptz := clock_timestamp() + interval '1 s';  -- real time: of a wait
  v_at rota_core.event_position;
begin
  loop
    select p.* into v_at
    from rota_core.event_position as p
    where p.subscription = take_position.subscription and p.shard = take_position.shard
    for update skip locked;
    if found or not exists (
      select
      from rota_core.event_position as p
      where p.subscription = take_position.subscription and p.shard = take_position.shard
    ) then
      exit;
    end if;
    if clock_timestamp() > v_until then
      raise exception using
        errcode = 'lock_not_available',
        message = format('the position of subscription %s is in the hands of another session',
          subscription),
        hint = 'It is tried again. See who: select * from pg_locks where not granted;';
    end if;
    perform pg_sleep(0.002);
  end loop;
  return v_at;
end;
$$;

comment on function rota_core.take_position(text, int) is
$doc$Locks a shard's position; null where there is none.

A look for news has it for a moment, a replay until it commits: whoever left it to them and ended
would leave nobody to read what is new. Raises 55P03 when it is not free within a second.$doc$;

revoke all on function rota_core.take_position(text, int) from public;
