create or replace function rota_core.plan_in_order()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('join_collapse_limit', '1', true);
end;
$$;

comment on function rota_core.plan_in_order() is
$doc$Until the end of the transaction, join tables in the order in which they are written: from the
few steps in hand to what belongs to them. Without statistics of tables that have just filled the
planner begins elsewhere, and reads a thousand rows for each.$doc$;

revoke all on function rota_core.plan_in_order() from public;
