create or replace function rota.rerun(run_id bigint)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run record;
begin
  perform rota_core.check_own_run(rerun.run_id);
  select r.task, r.input, r.priority, r.tags, r.redacted
  into v_run
  from (
    select l.task, l.input, l.priority, l.tags, false as redacted
    from rota_core.run as l
    where l.run_id = rerun.run_id
    union all
    select f.task, f.input, f.priority, f.tags, f.redacted
    from rota_core.finished_run as f
    where f.run_id = rerun.run_id
  ) as r;
  if v_run.redacted then
    raise exception using
      errcode = 'RT001',
      message = format('run %s has lost its input and cannot be started again', rerun.run_id),
      detail = 'Values at the redacted paths of its task, or all of them, are gone from history.',
      hint = format('Start it with an input: select * from rota.start(%L, ...);', v_run.task);
  end if;

  perform rota_core.check_start(v_run.task, v_run.input, null);
  return rota_core.enqueue_run(
    v_run.task, v_run.input, null, v_run.priority,
    array(
      select g.tag
      from unnest(v_run.tags) as g (tag)
      where not exists (
        select from rota_core.task as t where t.task = v_run.task and g.tag = any (t.tags)
      )
    ),
    'rerun:' || rerun.run_id
  );
end;
$$;

comment on function rota.rerun(bigint) is
$doc$Start a task or pipeline anew with the input, priority and tags of an earlier run. The earlier
one stays as it is; its key is not taken over.

Returns the id of the new run. Raises 42704 for an unknown run or a task that is gone, 42501 for
another's run, RT001 when the input is redacted or erased.
For: rota_app (own runs), rota_admin.$doc$;

revoke all on function rota.rerun(bigint) from public;
grant execute on function rota.rerun(bigint) to rota_app, rota_admin;
