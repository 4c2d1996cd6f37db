create or replace function rota_core.enqueue_run(
  task text, input jsonb, run_at timestamptz, priority int, tags text[], origin text,
  key text default null, parent_run_id bigint default null
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run_id bigint;
begin
  insert into rota_core.run as r (
    task, lane, priority, run_at, input, limited, created_at, created_by, key, tags, origin,
    parent_run_id
  )
  select
    t.task, t.lane, coalesce(enqueue_run.priority, t.priority),
    coalesce(enqueue_run.run_at, rota_core.wall_clock()), coalesce(enqueue_run.input, '{}'),
    rota_core.is_limited(t), rota_core.wall_clock(), rota_core.caller(), enqueue_run.key,
    t.tags || coalesce(enqueue_run.tags, '{}'), enqueue_run.origin, enqueue_run.parent_run_id
  from rota_core.task as t
  where t.task = enqueue_run.task
  returning r.run_id into v_run_id;

  if v_run_id is null then
    raise exception using
      errcode = 'undefined_object',
      message = format('task %s does not exist', quote_nullable(task)),
      hint = 'See what exists: select name from rota.tasks;';
  end if;
  return v_run_id;
end;
$$;

comment on function rota_core.enqueue_run(
  text, jsonb, timestamptz, int, text[], text, text, bigint
) is
$doc$Inserts a queued run, whoever starts it. Many at a time are inserted by rota.start_many, those
of steps by rota_core.start_plain and its like.$doc$;

revoke all on function rota_core.enqueue_run(
  text, jsonb, timestamptz, int, text[], text, text, bigint
) from public;
