create or replace procedure rota_core.work_slice(
  inout state rota_core.worker_state, until timestamptz, poll interval
)
language plpgsql
as $$
declare
  v_claim record;
  v_items rota_core.claim_item[];
  v_now timestamptz := rota_core.wall_clock();
begin
  if rota_core.asked_to_leave() then
    state.until := v_now;
    commit;
    return;
  end if;

  if v_now > (state).seen_at + interval '5 s' then
    state.seen_at := v_now;
    if not rota_core.see_worker((state).worker_id) then
      state.until := v_now;
    end if;
    commit;
  end if;

  perform set_config('application_name', 'rota worker ' || (state).lane, true);
  state := rota_core.wake_subscriptions(state, case
    when v_now < (state).busy_at + interval '1 s' then least(poll, interval '10 ms') else poll end);
  select c.state, c.items into v_claim from rota_core.claim(state, 500) as c;
  state := v_claim.state;
  commit;

  if v_claim.items is not null then
    v_items := rota_core.begin_pipelines((state).worker_id, v_claim.items);
    if cardinality(v_items) < cardinality(v_claim.items) then
      commit;
    end if;
    if v_items <> '{}' then
      call rota_core.run_batch(state, v_items);
    end if;
    state.busy_at := rota_core.wall_clock();
    return;
  end if;

  -- Never asleep inside a transaction that holds anything: the claim found nothing and is committed.
  perform set_config('application_name', 'rota worker ' || (state).lane, true);
  perform pg_sleep(greatest(0.001, extract(epoch from least(
    until - v_now,
    case when v_now < (state).busy_at + interval '1 s' then least(poll, interval '10 ms')
      else poll end
  ))));
  commit;
end;
$$;

comment on procedure rota_core.work_slice(rota_core.worker_state, timestamptz, interval) is
$doc$One turn of a worker: claim and execute, or sleep for a poll interval, short after work.$doc$;

revoke all on procedure rota_core.work_slice(rota_core.worker_state, timestamptz, interval)
from public;
grant execute on procedure rota_core.work_slice(rota_core.worker_state, timestamptz, interval)
to rota_worker;
