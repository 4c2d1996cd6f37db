create or replace function rota_core.asked_to_leave()
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return not pg_try_advisory_xact_lock_shared(1919906919, pg_backend_pid());
end;
$$;

comment on function rota_core.asked_to_leave() is
$doc$Whether another session asks the worker or supervisor of this backend to leave.

It asks by holding pg_advisory_lock(1919906919, <pid of the backend>), so that a request ends with
whoever made it.$doc$;

revoke all on function rota_core.asked_to_leave() from public;
grant execute on function rota_core.asked_to_leave() to rota_worker;
