create or replace function rota_core.save_pipeline(
  name text, steps rota_core.pipeline_step[], given jsonb[], timeout interval, alert text,
  tags text[], owner text, doc jsonb
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_version int;
begin
  insert into rota_core.task as t (
    task, kind, takes, timeout, max_attempts, initial_delay, backoff_factor, max_delay, jitter,
    retry_on, lane, priority, alert, tags, owner, doc, redact, defined_at, defined_by
  )
  values (
    name, 'pipeline', 'input', save_pipeline.timeout, 3, '1 s', 2, '1 h', 0, '{}', 'default', 0,
    save_pipeline.alert, coalesce(save_pipeline.tags, '{}'), save_pipeline.owner, save_pipeline.doc,
    array(select jsonb_array_elements_text(coalesce(save_pipeline.doc -> 'redact', '[]'))), v_now,
    rota_core.caller()
  )
  on conflict (task) do update
  set (timeout, alert, tags, owner, doc, redact, defined_at, defined_by, retired_at) =
    (excluded.timeout, excluded.alert, excluded.tags, excluded.owner, excluded.doc,
      excluded.redact, excluded.defined_at, excluded.defined_by, excluded.retired_at)
  where t.kind = 'pipeline';
  if not found then
    raise exception using
      errcode = 'duplicate_object',
      message = format('task %s exists and is no pipeline', name),
      hint = format('Choose another name, or first: select rota.drop_task(%L);', name);
  end if;

  select p.version into v_version from rota_core.pipeline as p where p.pipeline = save_pipeline.name;
  if found and (
    select v.steps = to_jsonb(given)
    from rota_core.pipeline_version as v
    where v.pipeline = save_pipeline.name and v.version = v_version
  ) then
    update rota_core.pipeline as p
    set timeout = save_pipeline.timeout
    where p.pipeline = save_pipeline.name;
    return;
  end if;

  select coalesce(max(v.version), 0) + 1
  into v_version
  from rota_core.pipeline_version as v
  where v.pipeline = save_pipeline.name;
  insert into rota_core.pipeline_version (pipeline, version, steps, defined_at, defined_by)
  values (name, v_version, to_jsonb(given), v_now, rota_core.caller());
  insert into rota_core.pipeline_step (
    pipeline, version, step, ordinal, task, after, for_each, when_path, on_failure, compensate,
    wait_for, timeout, start_delay, max_parallel, is_plain, is_leaf
  )
  select
    name, v_version, s.step, s.ordinal, s.task, s.after, s.for_each, s.when_path, s.on_failure,
    s.compensate, s.wait_for, s.timeout, s.start_delay, s.max_parallel, s.is_plain,
    not exists (select from unnest(steps) as o where s.step = any (o.after))
  from unnest(steps) as s;
  insert into rota_core.pipeline_edge (pipeline, version, step, dependant)
  select save_pipeline.name, v_version, a.name, s.step
  from unnest(steps) as s
  cross join unnest(s.after) as a (name);

  insert into rota_core.pipeline as p (pipeline, version, timeout)
  values (name, v_version, save_pipeline.timeout)
  on conflict (pipeline) do update
  set version = excluded.version, timeout = excluded.timeout;
end;
$$;

comment on function rota_core.save_pipeline(
  text, rota_core.pipeline_step[], jsonb[], interval, text, text[], text, jsonb
) is
$doc$The part of rota.define_pipeline that writes: a new version only where the steps differ. Raises
42710 when the name is that of another task.$doc$;

revoke all on function rota_core.save_pipeline(
  text, rota_core.pipeline_step[], jsonb[], interval, text, text[], text, jsonb
) from public;
