create or replace function rota_core.start_plain(steps rota_core.plain_start[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
begin
  with known as materialized (
    select t.task, t.lane, t.priority, t.tags, rota_core.is_limited(t) as is_limited
    from (select distinct s.task from unnest(steps) as s) as w
    join rota_core.task as t on t.task = w.task
  )
  insert into rota_core.run (
    task, lane, priority, run_at, input, limited, created_at, created_by, key, tags, origin,
    parent_run_id, step
  )
  select
    k.task, k.lane, k.priority + r.priority, v_now + s.start_delay,
    case when s.after = '{}' then jsonb_build_object('run', r.input)
      else jsonb_build_object('run', r.input) || (
        select jsonb_object_agg(a.name, (
          select o.output
          from rota_core.step_output as o
          where o.run_id = s.run_id and o.step = a.name
        ))
        from unnest(s.after) as a (name)
      ) end,
    k.is_limited, v_now, r.created_by,
    -- step_key() written out, which costs ten times as much
    concat_ws(':', s.run_id, s.step, case when s.round > 1 then 'again' || s.round end),
    k.tags || r.tags,
    'pipeline:' || s.pipeline, s.run_id, s.step
  from unnest(steps) as s
  join known as k on k.task = s.task
  -- Looked up one by one, whatever the statistics of a table say that fills and empties in seconds.
  cross join lateral (
    select p.input, p.priority, p.created_by, p.tags
    from rota_core.run as p
    where p.run_id = s.run_id
    offset 0
  ) as r;
end;
$$;

comment on function rota_core.start_plain(rota_core.plain_start[]) is
$doc$Queues the runs of steps that start as one run, without a look at their input. The caller has
noted the steps as started.$doc$;

revoke all on function rota_core.start_plain(rota_core.plain_start[]) from public;
