create or replace function payment.look_up(order_id bigint)
returns table (amount numeric, currency text, payment_id bigint, status text, declines int)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select o.amount, o.currency, p.id, coalesce(p.status, 'pending'), coalesce(p.declines, 0)
  from public.orders as o
  left join public.payments as p on p.order_id = o.id
  where o.id = look_up.order_id;

  if not found then
    raise exception using
      errcode = 'undefined_object',
      message = format('order %s does not exist', coalesce(look_up.order_id::text, 'null')),
      hint = 'See what there is: select id, amount from public.orders order by id desc limit 20;';
  end if;
end;
$$;

alter function payment.look_up(bigint) owner to payment;

comment on function payment.look_up(bigint) is
$doc$What an order costs, and how far its payment is.

Raises 42704 when there is no such order.
For: rota_worker.$doc$;

revoke all on function payment.look_up(bigint) from public;
grant execute on function payment.look_up(bigint) to rota_worker;
