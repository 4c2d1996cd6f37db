create or replace procedure rota.serve(budget interval default '58 s')
language plpgsql
as $$
declare
  v_before text := pg_catalog.current_setting('search_path');
  v_state rota_core.worker_state;
  v_lane text;
begin
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false);
  call rota_core.open_worker('worker', 'default', budget, v_state);

  while (v_state).worker_id is not null and rota_core.wall_clock() < (v_state).until loop
    call rota_core.supervise_once(v_state);
    foreach v_lane in array rota_core.lanes() loop
      call rota_core.serve_lane(v_state, v_lane);
    end loop;
  end loop;

  call rota_core.close_worker(v_state, v_before);
end;
$$;

comment on procedure rota.serve(interval) is
$doc$Supervise and work for every lane in one connection, for servers with few connections or
pg_cron slots.

A bare CALL outside a transaction block. While a handler runs nothing is supervised, so nothing is
cancelled or timed out before it ends.
- budget: how long.

Raises RT003 when this worker was declared lost, 2D000 inside a transaction block.
For: rota_worker.$doc$;

revoke all on procedure rota.serve(interval) from public;
grant execute on procedure rota.serve(interval) to rota_worker;
