create or replace function rota_core.claim_of_task(
  worker_id int, lane text, task text, at timestamptz, max_runs int
)
returns rota_core.claim_item[]
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  with candidate as materialized (
    select r.run_id, r.suspect, r.priority, r.run_at, pg_column_size(r.input) as bytes
    from rota_core.run as r
    where r.lane = claim_of_task.lane and r.state = 'queued' and r.limited
      and r.task = claim_of_task.task and r.run_at <= claim_of_task.at
    order by r.priority desc, r.run_at, r.run_id
    limit claim_of_task.max_runs
    for update skip locked
  ),
  -- A suspect goes alone: up to the first one, or that one by itself. Up to a megabyte as stored.
  chosen as (
    select c.run_id
    from (
      select
        c.run_id,
        row_number() over w as ordinal,
        bool_or(c.suspect) over w or sum(c.bytes) over w > 1000000 as is_too_much
      from candidate as c
      window w as (order by c.priority desc, c.run_at, c.run_id rows unbounded preceding)
    ) as c
    where c.ordinal = 1 or not c.is_too_much
  ),
  taken as (
    update rota_core.run as r
    set
      state = 'running', worker_id = claim_of_task.worker_id, counted_as = r.task,
      attempt = r.attempt + 1,
      claimed_at = claim_of_task.at, started_at = coalesce(r.started_at, claim_of_task.at),
      alone = (select count(*) from chosen) = 1
    where r.run_id = any (array(select c.run_id from chosen as c))
    returning r.run_id, r.priority, r.run_at, r.task, r.attempt, r.input, r.checkpoint
  )
  select array_agg(
    row(k.run_id, k.task, k.attempt, t.kind, t.statement, t.returns_void, k.input,
      k.checkpoint)::rota_core.claim_item
    order by k.priority desc, k.run_at, k.run_id
  )
  from taken as k
  join rota_core.task as t on t.task = claim_of_task.task;
$$;

comment on function rota_core.claim_of_task(int, text, text, timestamptz, int) is
$doc$Claims the next due runs of one limited task.$doc$;

revoke all on function rota_core.claim_of_task(int, text, text, timestamptz, int) from public;
