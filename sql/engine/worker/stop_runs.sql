create or replace procedure rota_core.stop_runs()
language plpgsql
as $$
declare
  v_stops jsonb;
  v_stop record;
  v_signal int;
begin
  select jsonb_agg(to_jsonb(s)) into v_stops from rota_core.runs_to_stop() as s;
  commit;

  for v_stop in
    select s.*
    from jsonb_to_recordset(coalesce(v_stops, '[]')) as s (
      run_id bigint, attempt int, worker_id int, pid int, since timestamptz, reason text
    )
  loop
    -- The request is committed before the signal: the worker that is interrupted must find it.
    perform rota_core.request_stop(v_stop.run_id, v_stop.attempt, v_stop.reason);
    commit;

    -- Whoever holds a worker's gate knows that it is inside a handler, and stays there.
    if pg_try_advisory_xact_lock(1919906914, v_stop.worker_id) then
      begin
        v_signal := rota_core.count_signal(
          v_stop.run_id, v_stop.attempt, v_stop.pid, v_stop.since
        );
        if v_signal > 3 then
          perform pg_terminate_backend(v_stop.pid);
        elsif v_signal is not null then
          perform pg_cancel_backend(v_stop.pid);
        end if;
      exception when insufficient_privilege then
        -- A worker with another login: a supervisor with that login may signal it.
        perform rota_core.note_trouble('stop_runs', sqlstate, sqlerrm);
      end;
    end if;
    commit;
  end loop;
end;
$$;

comment on procedure rota_core.stop_runs() is
$doc$Interrupts the runs that were cancelled or are past their timeout; a handler that has
swallowed three cancels loses its backend. Runs as invoker, with the workers' login role.$doc$;

revoke all on procedure rota_core.stop_runs() from public;
grant execute on procedure rota_core.stop_runs() to rota_worker;
