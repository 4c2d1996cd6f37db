create or replace function rota_core.claim_key(
  task text, key text, out run_id bigint, out state text
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_expires timestamptz := rota_core.wall_clock() + rota_core.setting('key_keep')::interval;
begin
  -- A concurrent start with this key makes the insert wait until the other has ended; run_id 0 is
  -- replaced by the caller in the same transaction and so never seen by anyone else.
  insert into rota_core.run_key as k (task, key, run_id, expires_at)
  values (claim_key.task, claim_key.key, 0, v_expires)
  on conflict do nothing;
  if found then
    return;
  end if;

  select k.run_id, coalesce(r.state, f.state)
  into claim_key.run_id, claim_key.state
  from rota_core.run_key as k
  left join rota_core.run as r on r.run_id = k.run_id
  left join rota_core.finished_run as f on f.run_id = k.run_id
  where k.task = claim_key.task and k.key = claim_key.key
    and (k.expires_at > rota_core.wall_clock() or r.run_id is not null)
  for update of k;

  if claim_key.state is not null then
    return;
  end if;

  -- The key has expired or its run is gone from history: it is free again.
  claim_key.run_id := null;
  update rota_core.run_key as k
  set run_id = 0, expires_at = v_expires
  where k.task = claim_key.task and k.key = claim_key.key;
  if not found then
    raise exception using
      errcode = 'serialization_failure',
      message = format('key %s of task %s is being used by another session', key, task),
      hint = 'Try the call again.';
  end if;
end;
$$;

comment on function rota_core.claim_key(text, text) is
$doc$Takes an idempotency key (returns nulls), or returns the run that has it and that run's
state.$doc$;

revoke all on function rota_core.claim_key(text, text) from public;
