create or replace function rota.save_artifact(
  name text, content jsonb default null, data bytea default null, media_type text default null
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run_id bigint;
begin
  -- The setting says which run, and the run whether it is this session's: a handler can write one.
  select r.run_id
  into v_run_id
  from rota_core.run as r
  join rota_core.worker as w on w.worker_id = r.worker_id and w.ended_at is null
  where r.run_id = substring(current_setting('rota.attempt', true) from '^\d{1,18}')::bigint
    and w.pid = pg_backend_pid();
  if not found then
    raise exception using
      errcode = 'RT001',
      message = 'an artifact is kept by a run, and this is none',
      hint = 'Call rota.save_artifact in the handler of a task.';
  end if;
  if (content is null) = (data is null) then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('artifact %s needs either content (jsonb) or data (bytea)',
        quote_nullable(left(name, 80))),
      hint = 'select rota.save_artifact(''list'', data => convert_to(''a,b'', ''UTF8''), '
        'media_type => ''text/csv'');';
  end if;

  perform rota_core.store_artifact(
    v_run_id, name, coalesce(data, convert_to(jsonb_pretty(content), 'UTF8')),
    coalesce(media_type,
      case when data is null then 'application/json' else 'application/octet-stream' end)
  );
end;
$$;

comment on function rota.save_artifact(text, jsonb, bytea, text) is
$doc$Keep something with the run whose handler calls this, to be looked at and saved to a file:
`rota run artifacts RUN`. It commits with the attempt's other effects, and stays as long as history.

- name: letters, digits and _ - . :; one of the same name is replaced.
- content: JSON, or data: bytes; at most 100 MB.
- media_type: default application/json, of data application/octet-stream.

Raises RT001 outside of a run, 22023 for a bad argument.
For: rota_worker, rota_app, rota_admin, and every role that tasks run as.$doc$;

revoke all on function rota.save_artifact(text, jsonb, bytea, text) from public;
grant execute on function rota.save_artifact(text, jsonb, bytea, text)
to rota_worker, rota_app, rota_admin;
