create or replace view invoice.missing as
select
  p.id as payment_id,
  p.order_id,
  p.processed_at
from public.payments as p
where p.status = 'completed'
  and p.processed_at between now() - interval '1 day' and now() - interval '5 min'
  and not exists (select from public.invoices as i where i.payment_id = p.id);

comment on view invoice.missing is
  'Payments of the last day that have been without their invoice for more than 5 minutes.';

revoke all on invoice.missing from public;
