create or replace function public.process_payment(order_id bigint)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_known record;
  v_run record;
begin
  select l.* into v_known from payment.look_up(process_payment.order_id) as l;
  if v_known.status = 'completed' then
    return jsonb_build_object('id', v_known.payment_id, 'status', 'completed', 'isNew', false);
  end if;

  -- A decline ends its run well, and frees the next one. An order that is being paid has one run.
  select s.*
  into v_run
  from rota.start(
    'process-payment',
    jsonb_build_object('order_id', process_payment.order_id),
    key => format('order-%s-%s', process_payment.order_id, v_known.declines),
    on_key => 'retry_failed'
  ) as s;
  return jsonb_build_object(
    'id', v_known.payment_id, 'status', 'processing', 'isNew', v_run.is_new,
    'runId', v_run.run_id
  );
end;
$$;

comment on function public.process_payment(bigint) is
$doc$Have an order paid at the gateway, once, however often this is called.

Returns {id, status: "completed", isNew: false} for a payment that is completed. Otherwise a worker
asks the gateway: {id, status: "processing", isNew, runId}, where isNew tells whether this call has
started the run, and the run's output is {id, status, isNew} with the status completed or failed. A
failed payment is tried again by the next call.

Raises 42704 when there is no such order.
For: rota_app, rota_admin.$doc$;

revoke all on function public.process_payment(bigint) from public;
grant execute on function public.process_payment(bigint) to rota_app, rota_admin;
