create or replace function rota_core.recover_workers()
returns int
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lost int := 0;
  v_worker_id int;
begin
  perform set_config('lock_timeout', '200ms', true);
  for v_worker_id in
    select b.worker_id
    from rota_core.worker_backends() as b
    join rota_core.worker as w on w.worker_id = b.worker_id
    where not b.alive and w.ended_at is null
    order by b.worker_id
    for update of w skip locked
  loop
    -- One whose runs cannot be settled must not keep those of the others.
    begin
      perform rota_core.lose_worker(v_worker_id);
      v_lost := v_lost + 1;
    exception
      when lock_not_available then
        -- Somebody holds a run of it, or the pipeline of one: the next second sees.
        continue;
      when others then
        perform rota_core.note_trouble('recover_workers', sqlstate,
          format('worker %s: %s', v_worker_id, sqlerrm));
    end;
  end loop;
  return v_lost;
end;
$$;

comment on function rota_core.recover_workers() is
$doc$Declares the workers lost whose backend is gone or no longer works for them, except where
somebody holds what they had. Returns how many.$doc$;

revoke all on function rota_core.recover_workers() from public;
grant execute on function rota_core.recover_workers() to rota_worker;
