create or replace function payment.record_result(
  order_id bigint, amount numeric, declines int, reference text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_status text := case when reference is null then 'failed' else 'completed' end;
  v_id bigint;
  v_is_new boolean;
begin
  -- Runs for one order may end in any order. What is completed stays so; and each decline counts
  -- once, because it names how many there were before.
  insert into public.payments as p (
    order_id, amount, status, declines, gateway_reference, processed_at
  )
  values (
    record_result.order_id, record_result.amount, v_status,
    record_result.declines + (v_status = 'failed')::int, reference, clock_timestamp()
  )
  on conflict on constraint payments_order_id_key do update
  set
    amount = excluded.amount,
    status = excluded.status,
    declines = greatest(p.declines, excluded.declines),
    gateway_reference = excluded.gateway_reference,
    processed_at = excluded.processed_at
  where p.status <> 'completed'
    and (excluded.status = 'completed' or p.declines = record_result.declines)
  returning p.id into v_id;

  v_is_new := found;
  if not v_is_new then
    select p.id, p.status
    into v_id, v_status
    from public.payments as p
    where p.order_id = record_result.order_id;
  end if;
  return jsonb_build_object('id', v_id, 'status', v_status, 'isNew', v_is_new);
end;
$$;

alter function payment.record_result(bigint, numeric, int, text) owner to payment;

comment on function payment.record_result(bigint, numeric, int, text) is
$doc$Store what the gateway has answered: the payment of an order is completed, or failed.

- amount: what was charged.
- declines: how many there were when the gateway was asked.
- reference: the gateway's for the charge; null: it was declined.

Returns id, status and isNew: false when the payment was as far already.
For: rota_worker.$doc$;

revoke all on function payment.record_result(bigint, numeric, int, text) from public;
grant execute on function payment.record_result(bigint, numeric, int, text) to rota_worker;
