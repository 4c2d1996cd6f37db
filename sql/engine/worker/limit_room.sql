create or replace function rota_core.limit_room(task text)
returns int
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_task rota_core.task;
  v_room int := 1000000;
  v_now timestamptz := rota_core.wall_clock();
  v_rate record;
  v_tokens numeric;
begin
  select t.* into v_task from rota_core.task as t where t.task = limit_room.task;

  if v_task.mutex is not null then
    v_room := 1 - (
      select count(*)::int
      from rota_core.run as r
      where r.counted_as in (select t.task from rota_core.task as t where t.mutex = v_task.mutex)
    );
  end if;

  if v_task.concurrency is not null then
    v_room := least(v_room, v_task.concurrency - (
      select count(*)::int
      from rota_core.run as r
      where r.counted_as = limit_room.task
    ));
  end if;

  if v_task.rate_limit is not null then
    select l.capacity, l.period into v_rate from rota_core.parse_rate_limit(v_task.rate_limit) as l;
    select least(
      v_rate.capacity,
      k.tokens + v_rate.capacity
        * extract(epoch from v_now - k.at) / extract(epoch from v_rate.period)
    )
    into v_tokens
    from rota_core.rate as k
    where k.task = limit_room.task;
    v_tokens := coalesce(v_tokens, v_rate.capacity);

    insert into rota_core.rate as k (task, tokens, at)
    values (limit_room.task, v_tokens, v_now)
    on conflict on constraint rate_pkey do update set tokens = excluded.tokens, at = excluded.at
    where v_tokens >= 1;
    v_room := least(v_room, floor(v_tokens)::int);
  end if;
  return v_room;
end;
$$;

comment on function rota_core.limit_room(text) is
$doc$How many more runs of a task may run now by its mutex, concurrency and rate limit (a token
bucket). The caller holds the advisory lock of the limit.$doc$;

revoke all on function rota_core.limit_room(text) from public;
