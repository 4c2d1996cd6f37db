create or replace function rota_core.let_go(subscription text, ids bigint[])
returns int
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_keys text[];
  v_count int;
begin
  with gone as (
    delete from rota_core.held_event as h
    where h.subscription = let_go.subscription and h.event_id = any(ids)
    returning h.key
  )
  select count(*), array_agg(distinct g.key) filter (where g.key is not null)
  into v_count, v_keys
  from gone as g;

  -- The next of each key is the first now.
  update rota_core.held_event as h
  set next_at = rota_core.wall_clock()
  where h.subscription = let_go.subscription and h.key = any(v_keys)
    and h.next_at is null and h.dead_at is null
    and not exists (
      select
      from rota_core.held_event as b
      where b.subscription = h.subscription and b.key = h.key and b.event_id < h.event_id
    );
  return v_count;
end;
$$;

comment on function rota_core.let_go(text, bigint[]) is
$doc$Forgets held events, done or discarded; what waited behind them is due. Returns how many there
were.$doc$;

revoke all on function rota_core.let_go(text, bigint[]) from public;
