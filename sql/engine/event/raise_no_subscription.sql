create or replace function rota_core.raise_no_subscription(name text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'undefined_object',
    message = format('subscription %s does not exist', quote_nullable(name)),
    hint = 'See what exists: select name from rota.subscriptions;';
end;
$$;

comment on function rota_core.raise_no_subscription(text) is
$doc$Refuses, with 42704, a subscription that does not exist.$doc$;

revoke all on function rota_core.raise_no_subscription(text) from public;
