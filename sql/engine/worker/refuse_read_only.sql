create or replace function rota_core.refuse_read_only()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'read_only_sql_transaction',
    message = 'the handler made the transaction read-only',
    hint = 'Take transaction_read_only out of the handler: its outcome could not be recorded.';
end;
$$;

comment on function rota_core.refuse_read_only() is
$doc$Raises that a worker could not record the outcome in this transaction any more.$doc$;

revoke all on function rota_core.refuse_read_only() from public;
grant execute on function rota_core.refuse_read_only() to rota_worker;
