create or replace function rota_core.see_worker(worker_id int)
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update rota_core.worker as w
  set seen_at = rota_core.wall_clock()
  where w.worker_id = see_worker.worker_id and w.ended_at is null;

  if not found then
    raise exception using
      errcode = 'RT003',
      message = format('worker %s was declared lost', worker_id),
      hint = 'Its runs are with other workers now. Start a new one.';
  end if;
  return not rota_core.setting('draining')::boolean;
end;
$$;

comment on function rota_core.see_worker(int) is
$doc$A worker's sign of life. Returns false when it should leave, raises RT003 when it was declared
lost.$doc$;

revoke all on function rota_core.see_worker(int) from public;
grant execute on function rota_core.see_worker(int) to rota_worker;
