create or replace function rota.get_artifact(run_id bigint, name text)
returns bytea
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_content bytea;
  v_names text;
begin
  perform rota_core.check_own_run(get_artifact.run_id);

  select a.content
  into v_content
  from rota_core.artifact as a
  where a.name = get_artifact.name
    and a.run_id in (select f.run_id from rota_core.family_of(get_artifact.run_id) as f)
  order by a.run_id = get_artifact.run_id desc, a.created_at desc, a.run_id desc
  limit 1;
  if found then
    return v_content;
  end if;

  select string_agg(distinct a.name, ', ')
  into v_names
  from rota_core.artifact as a
  where a.run_id in (select f.run_id from rota_core.family_of(get_artifact.run_id) as f);
  raise exception using
    errcode = 'undefined_object',
    message = format('run %s has no artifact %s', get_artifact.run_id,
      quote_nullable(left(get_artifact.name, 80))),
    hint = coalesce('It has: ' || v_names || '.', 'A handler keeps one with rota.save_artifact.');
end;
$$;

comment on function rota.get_artifact(bigint, text) is
$doc$What a run has kept under a name, as bytes; of a pipeline, what any of its steps has kept (the
newest of that name). As text: convert_from(rota.get_artifact(17, 'report'), 'UTF8').

Raises 42704 for an unknown run or name, 42501 for another's run.
For: rota_app (own runs), rota_admin.$doc$;

revoke all on function rota.get_artifact(bigint, text) from public;
grant execute on function rota.get_artifact(bigint, text) to rota_app, rota_admin;
