create or replace function rota.define_task(
  name text, handler text, kind text default 'call', timeout interval default '5 min',
  max_attempts int default 3, initial_delay interval default '1 s',
  backoff_factor numeric default 2, max_delay interval default '1 h', jitter numeric default 0,
  retry_on text[] default '{}', lane text default 'default', priority int default 0,
  concurrency int default null, mutex text default null, rate_limit text default null,
  run_as text default null, callers name[] default null, alert text default null,
  tags text[] default '{}', owner text default null, doc jsonb default '{}'
)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Invoker: only the caller can make the function that runs handlers as a role it belongs to.
  if define_task.run_as is not null
    and not rota_core.has_trampoline(define_task.run_as)
    and pg_has_role(current_user, 'rota_owner', 'member')
    and exists (select from pg_roles as r where r.rolname = define_task.run_as)
    and pg_has_role(current_user, define_task.run_as, 'member')
  then
    perform rota.allow_run_as(define_task.run_as);
  end if;

  return rota_core.save_task(
    name, handler, kind, timeout, max_attempts, initial_delay, backoff_factor, max_delay, jitter,
    retry_on, lane, priority, concurrency, mutex, rate_limit, run_as, callers, alert, tags, owner,
    doc
  );
end;
$$;

comment on function rota.define_task(
  text, text, text, interval, int, interval, numeric, interval, numeric, text[], text, int, int,
  text, text, text, name[], text, text[], text, jsonb
) is
$doc$Create a task or replace its definition: what is done, and how it is retried, limited and run.

- name: 1 to 63 letters, digits and _ - . : /
- handler: schema-qualified function; null for kind `external`. Handlers run with search_path =
  pg_catalog, pg_temp, so they qualify names or set a path of their own.
- kind: `call` f() or f(input jsonb); `chunked` f(input jsonb, state jsonb) called until it answers
  {"done": true}, committed after each call; `batch` f(events jsonb); `external` done by `rota
  worker --handlers`.
- timeout: of an attempt; of one chunk of a chunked task.
- max_attempts, initial_delay, backoff_factor, max_delay, jitter: attempt n is retried after
  initial_delay * backoff_factor ^ (n - 1), at most max_delay, plus or minus the share jitter (0 to
  1).
- retry_on: `sqlstate:40001`, `class:08`, `/regular expression/` or a substring of the message;
  empty: every error is retried.
- lane: the group of workers; priority: higher runs first within the lane.
- concurrency: runs at the same time; mutex: tasks that share this name run one at a time;
  rate_limit: `10/minute`.
- run_as: the role whose rights the handler has (default: the worker's); the caller must belong to
  it.
- callers: the roles that may start it (default: every rota_app).
- alert: a channel for final failures. tags, owner, doc: documentation. doc.redact lists paths such
  as `input.password` that history and views do not show.

An argument left out takes its default again; a pause survives. Returns the name.
Raises 42704 for an unknown handler or role, 22023 for a bad argument or a handler of another
shape, 42501 when the caller is not a member of run_as, RT006 when nobody has allowed run_as yet.
For: rota_admin.$doc$;

revoke all on function rota.define_task(
  text, text, text, interval, int, interval, numeric, interval, numeric, text[], text, int, int,
  text, text, text, name[], text, text[], text, jsonb
) from public;
grant execute on function rota.define_task(
  text, text, text, interval, int, interval, numeric, interval, numeric, text[], text, int, int,
  text, text, text, name[], text, text[], text, jsonb
) to rota_admin;
