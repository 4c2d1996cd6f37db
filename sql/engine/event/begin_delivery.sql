create or replace function rota_core.begin_delivery(
  subscription text, shard int, since timestamptz, size int
)
returns rota_core.delivery
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_until constant timestamptz := clock_timestamp() + interval '0.2 s';  -- real time: of a search
  v_source rota_core.subscription;
  v_task rota_core.task;
  v_one rota_core.delivery;
  v_read record;
  v_size int;
begin
  -- Whoever holds it reads for this shard, or moves it.
  v_one.at := rota_core.take_position(subscription, shard);
  if (v_one.at).subscription is null then
    return null;
  elsif (v_one.at).cluster <> rota_core.cluster_id() then
    perform rota_core.raise_restored();
  end if;
  select s.* into v_source
  from rota_core.subscription as s where s.subscription = begin_delivery.subscription;
  select t.* into v_task from rota_core.task as t where t.task = v_source.task;
  if v_task.task is null or rota_core.subscription_stands(subscription) then
    return null;
  elsif since < rota_core.wall_clock() - interval '1 s'
    and rota_core.is_lane_waiting(v_task.lane)
  then
    v_one.at.wake_at := rota_core.wall_clock();
    perform rota_core.store_position(v_one.at);
    return null;
  end if;
  v_one.statement := rota_core.delivery_statement(v_task, v_source.mode);
  v_one.batch_size := v_source.batch_size;
  v_one.ordered := v_source.ordered;
  v_size := (500 + v_source.batch_size - 1) / v_source.batch_size * v_source.batch_size;
  if (v_one.at).trial_size is not null then
    v_size := 1;
  elsif v_source.mode = 'event' then
    -- Nobody knows at first what an event takes.
    v_size := least(v_size, coalesce(size, 20));
  end if;
  if (v_one.at).trial_size < 0 then
    v_one.condemned := (v_one.at).trial_error;
  end if;

  if v_source.ordered then
    perform rota_core.hold_back(v_one.at);
  end if;
  v_one.page := rota_core.due_held(v_one.at, v_size);
  if (v_one.page).events is not null then
    v_one.from_log := false;
    return v_one;
  end if;

  v_one.from_log := true;
  while not rota_core.is_holding_much(subscription, shard) loop
    select r.* into v_read from rota_core.read_window(v_one.at, v_source, v_size) as r;
    v_one.at := v_read.place;
    v_one.page := v_read.page;
    if v_source.ordered and (v_one.page).events is not null then
      v_one.page := rota_core.park_blocked(v_one.at, v_one.page);
    end if;
    if (v_one.page).events is not null then
      return v_one;
    end if;
    exit when v_read.page is null and (v_one.at).high is null;
    v_one.at := rota_core.pass_page(v_one.at, v_one.page);
    if clock_timestamp() > v_until then
      perform rota_core.store_position(v_one.at);
      return v_one;
    end if;
  end loop;

  v_one.at.wake_at := rota_core.wall_clock();
  perform rota_core.store_position(v_one.at);
  return null;
end;
$$;

comment on function rota_core.begin_delivery(text, int, timestamptz, int) is
$doc$The next events of a shard: those of its retry list that are due, then the next page of the
log. Null when there is nothing to do, or not now; without events when it looked at many that are
not wanted, and should be called again. size: how many its handler can be given.

A run that has read since a second and more ends here where others wait in its lane.
It holds the position's row until the transaction ends, and end_delivery moves it.
Raises RT008 when the log was restored into another cluster.$doc$;

revoke all on function rota_core.begin_delivery(text, int, timestamptz, int) from public;
grant execute on function rota_core.begin_delivery(text, int, timestamptz, int) to rota_worker;
