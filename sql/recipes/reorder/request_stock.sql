create or replace function reorder.request_stock(event jsonb)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into reorder.requests (product_id, event_id, stock, reorder_level, quantity)
  select
    r.id,
    (request_stock.event ->> 'event_id')::bigint,
    r.stock,
    r.reorder_level,
    greatest(2 * r.reorder_level - r.stock, 1)
  from jsonb_to_record(request_stock.event -> 'record')
    as r (id bigint, stock int, reorder_level int)
  on conflict (event_id) do nothing;
$$;

comment on function reorder.request_stock(jsonb) is
$doc$The handler of the task `reorder`: asks for as much as brings a stock up to twice its level.

Each change has a number of its own, so an event that is delivered again asks for nothing.$doc$;

revoke all on function reorder.request_stock(jsonb) from public;
grant execute on function reorder.request_stock(jsonb) to reorder;
