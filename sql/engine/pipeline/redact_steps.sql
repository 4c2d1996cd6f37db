create or replace function rota_core.redact_steps(run_ids bigint[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from rota_core.task as t where t.redact <> '{}') then
    return;
  end if;
  -- A run that did not succeed keeps them: a retry needs them, and the views hide them.
  update rota_core.step_output as o
  set output = rota_core.redact(o.output, 'output', t.redact)
  from rota_core.pipeline_run as p
  join rota_core.pipeline_step as d on d.pipeline = p.pipeline and d.version = p.version
  join rota_core.task as t on t.task = d.task
  where p.run_id = any (run_ids) and p.stopping is null and t.redact <> '{}'
    and o.run_id = p.run_id and o.step = d.step;
end;
$$;

comment on function rota_core.redact_steps(bigint[]) is
$doc$Takes the values at redacted paths out of what the steps of ended runs answered.$doc$;

revoke all on function rota_core.redact_steps(bigint[]) from public;
