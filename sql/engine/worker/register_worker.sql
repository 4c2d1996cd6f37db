create or replace function rota_core.register_worker(
  kind text, lane text, backend_start timestamptz
)
returns int
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_id int;
begin
  if pg_is_in_recovery() then
    raise exception using
      errcode = 'read_only_sql_transaction',
      message = 'this server is a standby, where nothing can be written',
      hint = 'Call it on the primary; or, to make this one the primary: select pg_promote();';
  end if;

  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('workers need read committed, not %s',
        current_setting('transaction_isolation')),
      hint = format('alter role %I set default_transaction_isolation = ''read committed'';',
        session_user);
  end if;

  if rota_core.setting('draining')::boolean then
    return null;
  end if;

  if kind <> 'supervisor' and not exists (
    select from rota_core.lane as l where l.lane = register_worker.lane
  ) then
    raise exception using
      errcode = 'undefined_object',
      message = format('lane %s does not exist', quote_nullable(lane)),
      hint = format('select rota.define_lane(%L);', lane);
  end if;

  -- A CALL that ended without a word leaves its locks on a pooled backend: whoever calls next on the
  -- same backend knows that those workers are gone.
  perform rota_core.lose_worker(w.worker_id)
  from rota_core.worker as w
  where w.pid = pg_backend_pid() and w.ended_at is null and w.kind <> 'external';

  insert into rota_core.worker (kind, lane, pid, backend_start, role, started_at, seen_at)
  values (
    register_worker.kind, register_worker.lane, pg_backend_pid(), register_worker.backend_start,
    rota_core.caller(), v_now, v_now
  )
  returning worker.worker_id into v_id;
  return v_id;
end;
$$;

comment on function rota_core.register_worker(text, text, timestamptz) is
$doc$Records a new worker of this backend and returns its id; null while the engine is being
upgraded.$doc$;

revoke all on function rota_core.register_worker(text, text, timestamptz) from public;
grant execute on function rota_core.register_worker(text, text, timestamptz) to rota_worker;
