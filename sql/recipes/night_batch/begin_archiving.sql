create or replace function night_batch.begin_archiving(state jsonb)
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
  using (begin_archiving.state ->> 'cutoff')::timestamptz;
  v_due := (v_plan #>> '{0,Plan,Plan Rows}')::bigint;

  select
    c.reltuples,
    pg_relation_size(c.oid) / current_setting('block_size')::int
  into v_rows, v_pages
  from pg_class as c
  where c.oid = 'public.notifications'::regclass;

  -- When much is due, or nothing is known, reading pages in order is cheapest. The
  -- sweep by age comes after in any case, and alone when little is due.
  return (begin_archiving.state - '{page,pages,size}'::text[]) || jsonb_build_object(
    'step', case when v_rows < 0 or v_due > 0.15 * v_rows then 'pages' else 'sweep' end,
    'page', 0,
    'pages', v_pages,
    'size', 64,
    'due', v_due,
    'sweep', 1,
    'swept', 0,
    'progress', jsonb_build_object('done', 0, 'total', v_due, 'step', 'notifications'),
    'rows', 0,
    'output', (begin_archiving.state -> 'output')
      || '{"notifications": {"archived": 0, "left": 0}}'
  );
end;
$$;

comment on function night_batch.begin_archiving(jsonb) is
$doc$Before step 3: how much is due, and whether to begin by pages or by age.$doc$;

revoke all on function night_batch.begin_archiving(jsonb) from public;
grant execute on function night_batch.begin_archiving(jsonb) to night_batch;
