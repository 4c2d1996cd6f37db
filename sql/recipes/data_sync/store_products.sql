create or replace function data_sync.store_products(items jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before bigint;
  v_synced bigint;
  v_samples jsonb;
begin
  select count(*) into v_before from public.products as p;
  -- The rows are locked in one order, whoever else writes them.
  insert into public.products as p (external_id, name, price, stock, synced_at)
  select i.id, i.name, i.price, coalesce(i.stock, 0), now()
  from jsonb_to_recordset(items) as i (id text, name text, price numeric, stock int)
  order by i.id
  on conflict on constraint products_external_id_key do update
  set
    (name, price, stock, synced_at) =
    (excluded.name, excluded.price, excluded.stock, excluded.synced_at);
  get diagnostics v_synced = row_count;

  select coalesce(jsonb_agg(s.id), '[]')
  into v_samples
  from (
    select p.id
    from public.products as p
    where p.external_id in (
      select i.item ->> 'id' from jsonb_array_elements(items) as i (item) limit 5
    )
    order by p.id
  ) as s;
  return jsonb_build_object(
    'success', true,
    'syncedItems', v_synced,
    'sampleIds', v_samples,
    'before', v_before,
    'after', (select count(*) from public.products as p)
  );
end;
$$;

alter function data_sync.store_products(jsonb) owner to data_sync;

comment on function data_sync.store_products(jsonb) is
$doc$Store products as another system has them: {id, name, price, stock}, found by id. One that is
there is changed; none is taken away.

Returns success, syncedItems, sampleIds (up to five of public.products) and how many products there
were before and after. For: rota_worker.$doc$;

revoke all on function data_sync.store_products(jsonb) from public;
grant execute on function data_sync.store_products(jsonb) to rota_worker;
