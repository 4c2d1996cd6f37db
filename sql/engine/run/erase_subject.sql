create or replace function rota.erase_subject(tag text)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_runs bigint[];
begin
  if coalesce(tag, '') = '' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'tag must name the subject',
      hint = 'Start runs with tags => ''{user:42}'', then: select rota.erase_subject(''user:42'');';
  end if;

  perform rota_core.finish_runs(array(
    select r.run_id from rota_core.run as r
    where r.tags @> array[tag] and r.state = 'queued'
    order by r.run_id
  ), 'queued', 'cancelled');

  with erased as (
    update rota_core.finished_run as f
    set
      input = '{}', output = null, checkpoint = null, progress = null, error = null, key = null,
      redacted = true
    where f.tags @> array[tag]
    returning f.run_id
  )
  select array_agg(e.run_id) into v_runs from erased as e;

  delete from rota_core.artifact as f where f.run_id = any(v_runs);
  delete from rota_core.element_output as o where o.run_id = any(v_runs);
  update rota_core.step_output as o set output = null where o.run_id = any(v_runs);
  update rota_core.run_step as s set error = null where s.run_id = any(v_runs);
  update rota_core.pipeline_run as p set error = null where p.run_id = any(v_runs);
  delete from rota_core.run_signal as g where g.run_id = any(v_runs);
  update rota_core.attempt as a set error = null where a.run_id = any(v_runs);
  delete from rota_core.log as l where l.run_id = any(v_runs);
  delete from rota_core.run_key as k where k.run_id = any(v_runs);
  return coalesce(cardinality(v_runs), 0);
end;
$$;

comment on function rota.erase_subject(text) is
$doc$Erase what history holds about a subject: input, output, errors, keys, artifacts and log lines
of its runs.

- tag: the tag its runs were started with, such as `user:42`. Queued runs are cancelled and erased;
  one that is running keeps its data until it has ended: call again then.

Returns how many runs were erased. Raises 22023 without a tag.
For: rota_admin.$doc$;

revoke all on function rota.erase_subject(text) from public;
grant execute on function rota.erase_subject(text) to rota_admin;
