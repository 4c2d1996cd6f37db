create or replace procedure rota_core.close_worker(
  state rota_core.worker_state, search_path text
)
language plpgsql
as $$
begin
  if (state).worker_id is not null then
    perform rota_core.end_worker((state).worker_id);
    commit;
    perform pg_advisory_unlock(1919906914, (state).worker_id);
    perform pg_advisory_unlock(1919906913, (state).worker_id);
  end if;
  perform set_config('search_path', search_path, false);
  commit;
end;
$$;

comment on procedure rota_core.close_worker(rota_core.worker_state, text) is
$doc$Signs a worker off and leaves the session as it was.$doc$;

revoke all on procedure rota_core.close_worker(rota_core.worker_state, text) from public;
grant execute on procedure rota_core.close_worker(rota_core.worker_state, text) to rota_worker;
