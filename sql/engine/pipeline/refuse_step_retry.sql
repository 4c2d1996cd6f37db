create or replace function rota_core.refuse_step_retry(run_id bigint, from_step text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_step record;
begin
  select r.parent_run_id, r.step
  into v_step
  from (
    select l.parent_run_id, l.step
    from rota_core.run as l
    where l.run_id = refuse_step_retry.run_id and l.state <> 'queued'
    union all
    select f.parent_run_id, f.step
    from rota_core.finished_run as f
    where f.run_id = refuse_step_retry.run_id
  ) as r
  where r.step is not null;
  if found then
    raise exception using
      errcode = 'RT001',
      message = format('run %s is step %s of run %s', run_id, v_step.step, v_step.parent_run_id),
      detail = 'What comes after it is retried with it.',
      hint = format('select rota.retry(%s, from_step => %L);', v_step.parent_run_id, v_step.step);
  end if;

  if from_step is not null and not exists (
    select from rota_core.run_step as s
    where s.run_id = refuse_step_retry.run_id and s.step = from_step
  ) then
    perform rota_core.raise_no_step(run_id, from_step);
  end if;
end;
$$;

comment on function rota_core.refuse_step_retry(bigint, text) is
$doc$Refuses to retry the run of a step by itself (RT001), and from a step that the run does not
have (42704, 22023).$doc$;

revoke all on function rota_core.refuse_step_retry(bigint, text) from public;
