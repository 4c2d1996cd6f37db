create or replace function rota_core.deliver(input jsonb, state jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- real time: how long a transaction may last
  v_until constant timestamptz := pg_catalog.clock_timestamp() + interval '0.2 s';
  v_role constant text := pg_catalog.current_setting('role');
  v_one_commit constant boolean := rota_core.has_deferred_constraints();
  v_one rota_core.delivery;
  v_list jsonb[];
  v_failures rota_core.delivery_failure[] := array[]::rota_core.delivery_failure[];
  v_count int;
  v_from int := 1;
  v_to int := 0;
  v_step int;
  v_blocks int := 0;
  v_error jsonb;
  v_sqlstate text;
  v_message text;
  v_detail text;
  v_hint text;
  v_context text;
begin
  v_one := rota_core.begin_delivery(
    input ->> 'subscription', (input ->> 'shard')::int, (state ->> 'since')::timestamptz
  );
  if (v_one.at).subscription is null then
    return jsonb_build_object('done', true);
  end if;
  state := coalesce(state, jsonb_build_object('since', v_until));
  if (v_one.page).events is null then
    return jsonb_build_object('state', state);
  end if;
  v_count := cardinality((v_one.page).ids);
  v_step := v_one.batch_size;

  -- A batch is tried whole, then in halves from the left, so that one event that fails costs its
  -- own failure and a few repetitions. Each try is undone before the next.
  while v_from operator(pg_catalog.<=) v_count loop
    v_to := least(v_from + v_step - 1, v_count);
    v_error := v_one.condemned;
    if v_error is null then
      begin
        if v_from = 1 and v_to = v_count then
          execute v_one.statement using (v_one.page).events;
        else
          v_list := coalesce(v_list, array(
            select e.value from jsonb_array_elements((v_one.page).events) as e
          ));
          execute v_one.statement using to_jsonb(v_list[v_from:v_to]);
        end if;
        set constraints all immediate;
      exception when assert_failure or others then
        get stacked diagnostics
          v_sqlstate = returned_sqlstate, v_message = message_text, v_detail = pg_exception_detail,
          v_hint = pg_exception_hint, v_context = pg_exception_context;
        v_error := rota_core.error_json(v_sqlstate, v_message, v_detail, v_hint, v_context);
      end;
      -- The handler may have replaced them: until here nothing may be called by its short name.
      if pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true) is null
        or pg_catalog.current_setting('role') operator(pg_catalog.<>) v_role
      then
        perform pg_catalog.set_config('role', v_role, false);
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
    exit when clock_timestamp() > v_until or v_blocks >= 50 or v_one_commit;
  end loop;

  perform rota_core.end_delivery(v_one, v_from - 1, v_failures);
  return jsonb_build_object(
    'state', state,
    'rows', v_from - 1 - (select count(*) from unnest(v_failures) as f where f.error is not null)
  );
end;
$$;

comment on function rota_core.deliver(jsonb, jsonb) is
$doc$The handler of the tasks that read for subscriptions: takes the next events, hands them to the
task that wants them, and moves the position, all in one transaction.

It runs with the worker's rights, as handlers do; what it reads and writes of rota's is done by
begin_delivery and end_delivery. A cancel or timeout is not caught here: the attempt fails, and
the next one tries fewer events.$doc$;

revoke all on function rota_core.deliver(jsonb, jsonb) from public;
grant execute on function rota_core.deliver(jsonb, jsonb) to rota_worker;
