create or replace view reorder.missing as
select
  p.id as product_id,
  p.reorder_level
from public.products as p
where p.stock = 0
  and p.reorder_level > 0
  and not exists (select from reorder.requests as r where r.product_id = p.id);

comment on view reorder.missing is 'Products that are sold out and were never asked for.';

revoke all on reorder.missing from public;
