create or replace function rota_core.signalled_steps(run_ids bigint[])
returns rota_core.step_ref[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select row(s.run_id, s.step)::rota_core.step_ref
    from rota_core.run_signal as g
    join rota_core.pipeline_run as p on p.run_id = g.run_id
    join rota_core.pipeline_step as d
      on d.pipeline = p.pipeline and d.version = p.version and d.wait_for = g.signal
    join rota_core.run_step as s on s.run_id = p.run_id and s.step = d.step
    where not g.is_delivered and s.state = 'blocked'
      and (signalled_steps.run_ids is null or g.run_id = any (signalled_steps.run_ids))
    order by s.run_id, s.step
  );
$$;

comment on function rota_core.signalled_steps(bigint[]) is
$doc$The steps, of these runs or of all, whose signal has come.$doc$;

revoke all on function rota_core.signalled_steps(bigint[]) from public;
