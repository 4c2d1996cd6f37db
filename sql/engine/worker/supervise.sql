create or replace procedure rota.supervise(budget interval default '58 s')
language plpgsql
as $$
declare
  v_before text := pg_catalog.current_setting('search_path');
  v_state rota_core.worker_state;
begin
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false);
  call rota_core.open_worker('supervisor', null, budget, v_state);

  while (v_state).worker_id is not null and rota_core.wall_clock() < (v_state).until loop
    call rota_core.supervise_once(v_state);
    perform set_config('application_name', 'rota supervisor', true);
    perform pg_sleep(greatest(0, least(
      1.0, extract(epoch from (v_state).until - rota_core.wall_clock())
    )));
    commit;
  end loop;

  call rota_core.close_worker(v_state, v_before);
end;
$$;

comment on procedure rota.supervise(interval) is
$doc$Look after the workers: each second recover the runs of lost workers, stop what is cancelled
or past its timeout, fire due schedules, check deadlines, and enter what commands pg_cron has ended
into history; each minute rota's own upkeep. Several may run at once.

A bare CALL outside a transaction block, with the workers' login role; pg_cron and `rota worker`
make it.
- budget: how long.

Raises 2D000 inside a transaction block.
For: rota_worker.$doc$;

revoke all on procedure rota.supervise(interval) from public;
grant execute on procedure rota.supervise(interval) to rota_worker;
