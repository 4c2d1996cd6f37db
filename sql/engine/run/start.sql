create or replace function rota.start(
  task text, input jsonb default '{}', key text default null, on_key text default 'return',
  run_at timestamptz default null, priority int default null, tags text[] default '{}',
  out run_id bigint, out is_new boolean, out state text
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rota_core.check_start(task, input, run_at);
  if on_key is null or on_key not in ('return', 'retry_failed') or octet_length(key) not between 1 and 500
  then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = case
        when octet_length(key) not between 1 and 500 then 'key must be 1 to 500 bytes long'
        else format('on_key must be return or retry_failed, not %s', quote_nullable(on_key)) end,
      hint = 'select * from rota.start(''task'', key => ''order-17'', on_key => ''retry_failed'');';
  end if;

  if key is not null then
    select k.run_id, k.state
    into start.run_id, start.state
    from rota_core.claim_key(task, key) as k;
    if start.run_id is not null then
      is_new := false;
      if on_key = 'retry_failed' and start.state = 'failed' then
        start.state := rota_core.requeue_finished(start.run_id);
      end if;
      return;
    end if;
  end if;

  start.run_id := rota_core.enqueue_run(task, input, run_at, priority, tags, null, key);
  if key is not null then
    update rota_core.run_key as k
    set run_id = start.run_id
    where k.task = start.task and k.key = start.key;
  end if;
  is_new := true;
  start.state := 'queued';
end;
$$;

comment on function rota.start(text, jsonb, text, text, timestamptz, int, text[]) is
$doc$Start a task: queue one run of it, in the caller's transaction.

- task: its name. input: a JSON object, handed to the handler.
- key: makes the start idempotent: a second start of the task with this key returns the first run
  and is_new = false, also when that has long finished (for the setting key_keep, 90 days).
- on_key: `return` (default) or `retry_failed`: if the first run failed, queue it again.
- run_at: not before this time (default: now). priority: higher runs first (default: the task's).
- tags: added to the task's own; rota.erase_subject finds runs by them.

Returns run_id, is_new and the state of the run. A paused task's runs are queued and run on resume.
Raises 42704 for an unknown task, 42501 when the caller is not among the task's callers, 22023 for
a bad argument, 54000 for an input of more than 100 MB.
For: rota_app, rota_admin, rota_worker.$doc$;

revoke all on function rota.start(text, jsonb, text, text, timestamptz, int, text[]) from public;
grant execute on function rota.start(text, jsonb, text, text, timestamptz, int, text[])
to rota_app, rota_admin, rota_worker;
