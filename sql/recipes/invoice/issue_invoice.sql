create or replace function invoice.issue_invoice(event jsonb)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  -- Without a target: a second one is refused for its order as for its payment.
  insert into public.invoices (order_id, payment_id, amount)
  select r.order_id, r.id, r.amount
  from jsonb_to_record(issue_invoice.event -> 'record')
    as r (id bigint, order_id bigint, amount numeric)
  on conflict do nothing;
$$;

comment on function invoice.issue_invoice(jsonb) is
$doc$The handler of the task `invoice`: issues the invoice for a payment that was completed.

An order and a payment have one invoice, so an event that is delivered again issues none.$doc$;

revoke all on function invoice.issue_invoice(jsonb) from public;
grant execute on function invoice.issue_invoice(jsonb) to invoice;
