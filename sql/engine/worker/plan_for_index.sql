create or replace function rota_core.plan_for_index()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform
    set_config('enable_seqscan', 'off', true),
    set_config('enable_bitmapscan', 'off', true),
    set_config('enable_hashjoin', 'off', true),
    set_config('enable_mergejoin', 'off', true),
    set_config('jit', 'off', true);
end;
$$;

comment on function rota_core.plan_for_index() is
$doc$Until the end of the transaction, plan for a queue of any length: a plan that was cached while
the queue was empty would otherwise scan a long one whole, batch after batch.$doc$;

revoke all on function rota_core.plan_for_index() from public;
