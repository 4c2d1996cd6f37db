begin;
select plan(3);

-- What users type. A change here is a change of the contract: the README says it too.
create temp table recorded (name text, arguments text, result text);
insert into recorded (name, arguments, result)
values
  ('ack_events', $$subscription text, ids bigint[]$$, $$integer$$),
  ('adopt_cron_job', $$
    schedule text, cron text, command text, username text, job_name text = NULL,
    job_id bigint = NULL, active boolean = true
  $$, $$text$$),
  ('allow_run_as', $$role text$$, $$void$$),
  ('calendar_excludes', $$name text, at timestamp with time zone$$, $$boolean$$),
  ('call_task', $$task text, input jsonb = '{}'$$, $$jsonb$$),
  ('cancel', $$run_id bigint$$, $$text$$),
  ('configure', $$setting text, value text$$, $$void$$),
  ('cron_matches', $$
    expression text, at timestamp with time zone, timezone text = 'UTC'
  $$, $$boolean$$),
  ('cron_next', $$
    expression text, at timestamp with time zone, timezone text = 'UTC'
  $$, $$timestamp with time zone$$),
  ('cron_prev', $$
    expression text, at timestamp with time zone, timezone text = 'UTC'
  $$, $$timestamp with time zone$$),
  ('define_calendar', $$name text, rules jsonb$$, $$text$$),
  ('define_lane', $$name text, workers integer = 1$$, $$text$$),
  ('define_pipeline', $$
    name text, steps jsonb[], timeout interval = NULL, alert text = NULL, tags text[] = '{}',
    owner text = NULL, doc jsonb = '{}'
  $$, $$text$$),
  ('define_schedule', $$
    name text, cron text, task text = NULL, input jsonb = '{}', timezone text = 'UTC',
    overlap text = 'skip', misfire text = 'run_once', max_catchup integer = 10,
    deadline interval = NULL, command text = NULL, calendar text = NULL
  $$, $$text$$),
  ('define_task', $$
    name text, handler text, kind text = 'call', timeout interval = '00:05:00',
    max_attempts integer = 3, initial_delay interval = '00:00:01', backoff_factor numeric = 2,
    max_delay interval = '01:00:00', jitter numeric = 0, retry_on text[] = '{}',
    lane text = 'default', priority integer = 0, concurrency integer = NULL, mutex text = NULL,
    rate_limit text = NULL, run_as text = NULL, callers name[] = NULL, alert text = NULL,
    tags text[] = '{}', owner text = NULL, doc jsonb = '{}'
  $$, $$text$$),
  ('discard_dead_letters', $$subscription text, ids bigint[], reason text$$, $$integer$$),
  ('drop_calendar', $$name text$$, $$void$$),
  ('drop_lane', $$name text$$, $$void$$),
  ('drop_pipeline', $$name text, queued_runs text = 'refuse'$$, $$void$$),
  ('drop_schedule', $$name text$$, $$void$$),
  ('drop_task', $$name text, queued_runs text = 'refuse'$$, $$void$$),
  ('emit', $$topic text, type text, payload jsonb, key text = NULL$$, $$bigint$$),
  ('erase_subject', $$tag text$$, $$bigint$$),
  ('fetch_events', $$
    subscription text, max_events integer = 100, lease interval = '00:00:30'
  $$, $$
    TABLE(event_id bigint, at timestamp with time zone, topic text, type text, key text,
    schema_name text, table_name text, payload jsonb, record jsonb, old_record jsonb,
    attempts integer)
  $$),
  ('get_artifact', $$run_id bigint, name text$$, $$bytea$$),
  ('get_run', $$run_id bigint$$, $$jsonb$$),
  ('log', $$level text, message text, context jsonb = '{}'$$, $$void$$),
  ('pause', $$
    kind text, name text, until timestamp with time zone = NULL, reason text = NULL
  $$, $$void$$),
  ('redrive_dead_letters', $$subscription text, ids bigint[] = NULL$$, $$integer$$),
  ('replay_subscription', $$
    name text, since timestamp with time zone = NULL, since_id bigint = NULL
  $$, $$bigint$$),
  ('rerun', $$run_id bigint$$, $$bigint$$),
  ('resume', $$kind text, name text$$, $$void$$),
  ('retry', $$run_id bigint, from_step text = NULL$$, $$text$$),
  ('retry_all', $$task text, since timestamp with time zone$$, $$bigint$$),
  ('save_artifact', $$
    name text, content jsonb = NULL, data bytea = NULL, media_type text = NULL
  $$, $$void$$),
  ('serve', $$IN budget interval = '00:00:58'$$, $$procedure$$),
  ('signal', $$run_id bigint, signal text, payload jsonb = '{}'$$, $$boolean$$),
  ('skip_step', $$run_id bigint, step text, output jsonb = NULL$$, $$text$$),
  ('start', $$
    task text, input jsonb = '{}', key text = NULL, on_key text = 'return',
    run_at timestamp with time zone = NULL, priority integer = NULL, tags text[] = '{}',
    OUT run_id bigint, OUT is_new boolean, OUT state text
  $$, $$record$$),
  ('start_many', $$task text, inputs jsonb[]$$, $$SETOF bigint$$),
  ('start_schedule', $$name text$$, $$bigint$$),
  ('step', $$
    name text, task text = NULL, after text[] = '{}', for_each text = NULL, when_path text = NULL,
    on_failure text = 'fail', compensate text = NULL, wait_for text = NULL, timeout interval = NULL,
    start_delay interval = NULL, max_parallel integer = NULL
  $$, $$jsonb$$),
  ('subscribe', $$
    name text, topic text, task text, types text[] = NULL, filter jsonpath = NULL,
    since text = 'now', mode text = 'event', batch_size integer = 500, ordered boolean = false,
    shards integer = 1, max_lag interval = '1 day'
  $$, $$text$$),
  ('supervise', $$IN budget interval = '00:00:58'$$, $$procedure$$),
  ('unsubscribe', $$name text$$, $$void$$),
  ('unwatch_table', $$target regclass$$, $$void$$),
  ('watch_table', $$
    target regclass, operations text[] = '{INSERT,UPDATE,DELETE}', columns text[] = NULL,
    condition text = NULL, exclude text[] = NULL, key text[] = NULL, topic text = NULL,
    level text = 'statement'
  $$, $$text$$),
  ('work', $$
    IN lane text = 'default', IN budget interval = '00:00:58', IN poll interval = '00:00:00.1'
  $$, $$procedure$$);

create temp view said as
select
  r.name,
  trim(regexp_replace(r.arguments, '\s+', ' ', 'g')) as arguments,
  trim(regexp_replace(r.result, '\s+', ' ', 'g')) as result
from recorded as r;

create temp view found as
select
  p.proname::text as name,
  regexp_replace(
    replace(pg_catalog.pg_get_function_arguments(p.oid), ' DEFAULT ', ' = '),
    '::[a-z]+( [a-z]+)*(\[\])?', '', 'g'
  ) as arguments,
  case p.prokind when 'p' then 'procedure' else pg_catalog.pg_get_function_result(p.oid) end
    as result
from pg_catalog.pg_proc as p
where p.pronamespace = 'rota'::regnamespace;

select is_empty(
  'select f.* from found as f except select s.* from said as s',
  'each function of schema rota stands here with its arguments, types and defaults'
);
select is_empty(
  'select s.* from said as s except select f.* from found as f',
  'each function that stands here is there'
);
select views_are(
  'rota',
  string_to_array(
    'artifacts attempts calendars dead_letters deploys events health logs missed_deadlines '
    'pipeline_steps pipelines runs schedules slots subscriptions tasks watches workers', ' '
  )::name[],
  'the views are those that are known'
);

select * from finish();
rollback;
