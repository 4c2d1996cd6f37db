create or replace function rota_core.claim_general(
  worker_id int, lane text, priority int, inout floor_at timestamptz, inout floor_id bigint,
  at timestamptz, paused text[], max_runs int, costs jsonb, out items rota_core.claim_item[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- To find nothing costs an idle worker a tenth of what the statement below does.
  if not exists (
    select
    from rota_core.run as r
    where r.lane = claim_general.lane and r.state = 'queued' and not r.limited
      and r.priority = claim_general.priority
      and (r.run_at, r.run_id) > (claim_general.floor_at, claim_general.floor_id)
      and r.run_at <= claim_general.at
  ) then
    return;
  end if;

  with candidate as materialized (
    select r.run_id, r.run_at, r.task, r.suspect, pg_column_size(r.input) as bytes
    from rota_core.run as r
    where r.lane = claim_general.lane and r.state = 'queued' and not r.limited
      and r.priority = claim_general.priority
      and (r.run_at, r.run_id) > (claim_general.floor_at, claim_general.floor_id)
      and r.run_at <= claim_general.at
      and r.task <> all(claim_general.paused)
    order by r.run_at, r.run_id
    limit claim_general.max_runs
    for update skip locked
  ),
  -- Up to 0.2 s of work whose cost is known; what is slow, new or suspect goes alone. And up to a
  -- megabyte as stored, which may be a hundred in memory. Not what a start that was open while its
  -- task was dropped has left: nobody would execute it.
  measured as (
    select
      c.run_id,
      row_number() over w = 1
        or sum(case
          when c.suspect then 9
          when t.kind = 'pipeline' then 0.0005
          else coalesce((costs ->> c.task)::float8, 9)
        end) over w <= 0.2
        and sum(c.bytes) over w <= 1000000 as fits
    from candidate as c
    join rota_core.task as t on t.task = c.task
    window w as (order by c.run_at, c.run_id rows unbounded preceding)
  ),
  -- Found by an array, not joined: by the statistics of a table that was empty a moment ago it may
  -- seem best to read it whole, and to compare each row with each candidate.
  taken as (
    update rota_core.run as r
    set
      state = 'running', worker_id = claim_general.worker_id, attempt = r.attempt + 1,
      claimed_at = claim_general.at, started_at = coalesce(r.started_at, claim_general.at),
      alone = (select count(*) from measured as m where m.fits) = 1
    where r.run_id = any (array(select m.run_id from measured as m where m.fits))
    returning r.run_id, r.run_at, r.task, r.attempt, r.input, r.checkpoint
  )
  select
    array_agg(
      row(k.run_id, k.task, k.attempt, t.kind, t.statement, t.returns_void, k.input,
        k.checkpoint)::rota_core.claim_item
      order by k.run_at, k.run_id
    ),
    (array_agg(k.run_at order by k.run_at desc, k.run_id desc))[1],
    (array_agg(k.run_id order by k.run_at desc, k.run_id desc))[1]
  into claim_general.items, claim_general.floor_at, claim_general.floor_id
  from taken as k
  join rota_core.task as t on t.task = k.task;
end;
$$;

comment on function rota_core.claim_general(
  int, text, int, timestamptz, bigint, timestamptz, text[], int, jsonb
) is
$doc$Claims the next due runs of one priority from its floor on, and raises the floor to the last
of them.$doc$;

revoke all on function rota_core.claim_general(
  int, text, int, timestamptz, bigint, timestamptz, text[], int, jsonb
) from public;
