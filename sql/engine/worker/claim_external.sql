create or replace function rota_core.claim_external(
  worker_id int, lane text, tasks text[], max_runs int
)
returns setof rota_core.claim_item
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_head record;
  v_items rota_core.claim_item[];
  v_room int;
begin
  for v_head in
    select h.*
    from rota_core.limited_heads(claim_external.lane, v_now) as h
    where h.kind = 'external' and h.task = any(tasks)
      and h.task <> all(rota_core.paused_tasks(v_now))
    order by h.priority desc, h.run_at
  loop
    if v_head.limit_key is not null
      and not pg_try_advisory_xact_lock(1919906915, hashtext(v_head.limit_key))
    then
      continue;
    end if;
    v_room := least(max_runs, rota_core.limit_room(v_head.task));
    if v_room < 1 then
      continue;
    end if;

    v_items := rota_core.claim_of_task(worker_id, lane, v_head.task, v_now, v_room);
    if v_items is not null then
      perform rota_core.take_tokens(v_head.task, cardinality(v_items));
      perform from rota_core.worker as w
      where w.worker_id = claim_external.worker_id and w.ended_at is null
      for share;
      if not found then
        perform rota_core.raise_lost(worker_id);
      end if;
      return query select i.* from unnest(v_items) as i;
      return;
    end if;
  end loop;
end;
$$;

comment on function rota_core.claim_external(int, text, text[], int) is
$doc$Claims runs of tasks that are done outside the database, for a worker that has handlers for
them.$doc$;

revoke all on function rota_core.claim_external(int, text, text[], int) from public;
grant execute on function rota_core.claim_external(int, text, text[], int) to rota_worker;
