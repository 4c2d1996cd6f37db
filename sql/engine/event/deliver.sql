create or replace function rota_core.deliver(input jsonb, state jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- real time: how long a transaction may last
  v_until constant timestamptz := clock_timestamp() + interval '0.2 s';
  v_role constant text := current_setting('role');
  v_started timestamptz;
  v_one_commit boolean;
  v_one rota_core.delivery;
  v_list jsonb[];
  v_failures rota_core.delivery_failure[] := array[]::rota_core.delivery_failure[];
  v_count int;
  v_from int := 1;
  v_to int := 0;
  v_step int;
  v_blocks int := 0;
  v_error jsonb;
begin
  v_one := rota_core.begin_delivery(
    input ->> 'subscription', (input ->> 'shard')::int, (state ->> 'since')::timestamptz,
    (state ->> 'size')::int
  );
  if (v_one.at).subscription is null then
    return jsonb_build_object('done', true);
  end if;
  state := jsonb_build_object('since', v_until) || coalesce(state, '{}');
  if (v_one.page).events is null then
    return jsonb_build_object('state', state);
  end if;
  v_count := cardinality((v_one.page).ids);
  v_step := v_one.batch_size;
  v_one_commit := rota_core.has_deferred_constraints();
  -- What made the search in rota's tables quick would make the handler's statements slow.
  perform rota_core.reset_session(
    current_setting('application_name'), current_setting('rota.attempt', true)
  );
  v_started := clock_timestamp();  -- real time: what an event takes

  -- A batch is tried whole, then in halves from the left, so that one event that fails costs its
  -- own failure and a few repetitions. Each try is undone before the next.
  while v_from <= v_count loop
    v_to := least(v_from + v_step - 1, v_count);
    v_error := v_one.condemned;
    if v_error is null then
      if v_from = 1 and v_to = v_count then
        v_error := rota_core.try_delivery(v_one.statement, (v_one.page).events, v_role);
      else
        v_list := coalesce(v_list, array(
          select e.value from jsonb_array_elements((v_one.page).events) as e
        ));
        v_error := rota_core.try_delivery(v_one.statement, to_jsonb(v_list[v_from:v_to]), v_role);
      end if;
    end if;

    if v_error is null then
      v_blocks := v_blocks + 1;
      v_step := least(v_one.batch_size, 2 * v_step);
      v_from := v_to + 1;
    elsif v_to > v_from then
      v_step := greatest(1, (v_to - v_from + 1) / 2);
    else
      v_failures := v_failures || rota_core.failures_from(v_one, v_from, v_error);
      v_from := v_to + 1;
      if v_one.ordered and (v_one.page).keys[v_to] is not null then
        v_one.page := rota_core.page_without(v_one.page, array[(v_one.page).keys[v_to]], v_to);
        v_list := null;
        v_count := cardinality((v_one.page).ids);
      end if;
    end if;
    -- Not before something is done: what is repeated from here would end here again.
    exit when v_from > 1
      and (clock_timestamp() > v_until or v_blocks >= 50 or v_one_commit);
  end loop;

  perform rota_core.end_delivery(v_one, v_from - 1, v_failures);
  return jsonb_build_object(
    'state', state || jsonb_build_object('size', rota_core.page_size(v_from - 1, v_started)),
    'rows', v_from - 1 - (select count(*) from unnest(v_failures) as f where f.error is not null)
  );
end;
$$;

comment on function rota_core.deliver(jsonb, jsonb) is
$doc$The handler of the tasks that read for subscriptions: takes the next events, hands them to the
task that wants them, and moves the position, all in one transaction.

It runs with the worker's rights, as handlers do; what it reads and writes of rota's is done by
begin_delivery and end_delivery. A cancel or timeout is not caught here: the attempt fails, and
the next one tries the events one by one.$doc$;

revoke all on function rota_core.deliver(jsonb, jsonb) from public;
grant execute on function rota_core.deliver(jsonb, jsonb) to rota_worker;
