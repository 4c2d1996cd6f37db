create or replace procedure rota.work(
  lane text default 'default', budget interval default '58 s', poll interval default '100 ms'
)
language plpgsql
as $$
declare
  v_before text := pg_catalog.current_setting('search_path');
  v_state rota_core.worker_state;
begin
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false);
  call rota_core.open_worker('worker', lane, budget, v_state);

  while (v_state).worker_id is not null and rota_core.wall_clock() < (v_state).until loop
    call rota_core.work_slice(v_state, (v_state).until, poll);
  end loop;

  call rota_core.close_worker(v_state, v_before);
end;
$$;

comment on procedure rota.work(text, interval, interval) is
$doc$Work for a lane: claim due runs and execute them, until the budget of time is spent.

A bare CALL outside a transaction block; it commits after every few runs. pg_cron and `rota worker`
make it; at a psql prompt it is good for trying things out. A chunked run that is under way at the
end goes on in the next call.
- lane: which one. budget: how long; a handler that is running is not cut off.
- poll: how often an idle worker looks for work.

Session advisory locks of the caller are released. Raises 42704 for an unknown lane, RT003 when this
worker was declared lost, 2D000 inside a transaction block.
For: rota_worker.$doc$;

revoke all on procedure rota.work(text, interval, interval) from public;
grant execute on procedure rota.work(text, interval, interval) to rota_worker;
