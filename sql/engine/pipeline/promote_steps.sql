create or replace function rota_core.promote_steps(ended rota_core.step_end[])
returns rota_core.step_end[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_plain rota_core.plain_start[];
  v_other rota_core.step_ref[];
  v_skipped rota_core.step_ref[];
  v_step rota_core.step_ref;
  v_more rota_core.step_end[] := array[]::rota_core.step_end[];
begin
  with freed as (
    select
      e.run_id, g.dependant, p.pipeline, p.version, p.has_large, count(*)::int as steps,
      bool_or(not e.frees) as skips
    from unnest(ended) as e
    join rota_core.pipeline_run as p on p.run_id = e.run_id
    join rota_core.pipeline_edge as g
      on (g.pipeline, g.version, g.step) = (p.pipeline, p.version, e.step)
    where p.stopping is null
    group by e.run_id, g.dependant, p.pipeline, p.version, p.has_large
  ),
  changed as (
    update rota_core.run_step as s
    set
      remaining = s.remaining - f.steps,
      is_skipped = s.is_skipped or f.skips,
      state = case
        when s.remaining = f.steps and d.is_plain and not f.has_large
          and not s.is_skipped and not f.skips
          then 'started'
        else s.state end,
      ready_at = case when s.remaining = f.steps then v_now end,
      due_at = case when s.remaining = f.steps then v_now + d.timeout end
    from freed as f
    join rota_core.pipeline_step as d
      on (d.pipeline, d.version, d.step) = (f.pipeline, f.version, f.dependant)
    where s.run_id = f.run_id and s.step = f.dependant and s.state = 'waiting'
    returning
      s.run_id, s.step, s.state, s.remaining, s.is_skipped, s.round, f.pipeline, d.task, d.after,
      d.start_delay
  )
  select
    array_agg(row(c.run_id, c.step, c.round, c.pipeline, c.task, c.after,
      c.start_delay)::rota_core.plain_start) filter (where c.state = 'started'),
    array_agg(row(c.run_id, c.step)::rota_core.step_ref)
      filter (where c.state = 'waiting' and c.remaining <= 0 and not c.is_skipped),
    array_agg(row(c.run_id, c.step)::rota_core.step_ref)
      filter (where c.remaining <= 0 and c.is_skipped)
  into v_plain, v_other, v_skipped
  from changed as c;

  if v_plain is not null then
    perform rota_core.start_plain(v_plain);
  end if;
  if v_other is not null then
    v_more := rota_core.start_others(v_other);
  end if;
  foreach v_step in array coalesce(v_skipped, '{}') loop
    v_more := v_more
      || rota_core.end_step((v_step).run_id, (v_step).step, 'skipped', null, null);
  end loop;
  return v_more;
end;
$$;

comment on function rota_core.promote_steps(rota_core.step_end[]) is
$doc$Counts ended steps down in those that come after, and starts or skips the ones that wait for
nothing more. Returns the steps that have ended at once, to be promoted in their turn. The caller
holds the locks of their runs.$doc$;

revoke all on function rota_core.promote_steps(rota_core.step_end[]) from public;
