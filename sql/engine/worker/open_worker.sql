create or replace procedure rota_core.open_worker(
  kind text, lane text, budget interval, inout state rota_core.worker_state
)
language plpgsql
as $$
declare
  v_start timestamptz;
begin
  select a.backend_start into v_start from pg_stat_activity as a where a.pid = pg_backend_pid();
  state.worker_id := rota_core.register_worker(kind, lane, v_start);
  if (state).worker_id is not null then
    perform pg_advisory_lock(1919906913, (state).worker_id);
    perform pg_advisory_lock(1919906914, (state).worker_id);
  end if;
  commit;

  -- The C library gives large pieces of memory back to the system until one as large as the next has
  -- been freed: getting them anew for each page of events took a quarter of the time to read it.
  perform octet_length(repeat(repeat('x', 1024), 4096));

  state.lane := lane;
  state.role := current_setting('role');
  state.costs := '{}';
  state.seen_at := rota_core.wall_clock();
  state.busy_at := '-infinity';
  state.until := rota_core.wall_clock() + budget;
end;
$$;

comment on procedure rota_core.open_worker(text, text, interval, rota_core.worker_state) is
$doc$Registers this session as a worker and takes its locks; worker_id stays null during an
upgrade.$doc$;

revoke all on procedure rota_core.open_worker(text, text, interval, rota_core.worker_state)
from public;
grant execute on procedure rota_core.open_worker(text, text, interval, rota_core.worker_state)
to rota_worker;
