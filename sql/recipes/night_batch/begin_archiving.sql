create or replace function night_batch.begin_archiving(cutoff timestamptz)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_plan json;
  v_due bigint;
  v_rows real;
  v_pages bigint;
begin
  -- An estimate, because a count would read every row that is about to be moved.
  execute 'explain (format json) select from public.notifications as n where n.created_at < $1'
  into v_plan
  using begin_archiving.cutoff;
  v_due := (v_plan #>> '{0,Plan,Plan Rows}')::bigint;

  select
    c.reltuples,
    pg_relation_size(c.oid) / current_setting('block_size')::int
  into v_rows, v_pages
  from pg_class as c
  where c.oid = 'public.notifications'::regclass;

  -- When much is due, or nothing is known, reading pages in order is cheapest. The
  -- sweep by age comes after in any case, and alone when little is due.
  return jsonb_build_object(
    'cutoff', begin_archiving.cutoff,
    'step', case when v_rows < 0 or v_due > 0.15 * v_rows then 'pages' else 'sweep' end,
    'page', 0,
    'pages', v_pages,
    'size', 64,
    'due', v_due,
    'sweep', 1,
    'swept', 0,
    'archived', 0,
    'rows', 0
  );
end;
$$;

comment on function night_batch.begin_archiving(timestamptz) is
$doc$The first state of archiving: how much is due, and whether to begin by pages or by age.$doc$;

revoke all on function night_batch.begin_archiving(timestamptz) from public;
grant execute on function night_batch.begin_archiving(timestamptz) to night_batch;
