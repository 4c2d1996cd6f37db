begin;
select plan(3);

-- Who may call what, and look at what. Whatever is not here is nobody's but the owner's.
create temp table recorded (role text, room text, names text);
insert into recorded (role, room, names)
values
  ('rota_admin', 'rota', '
    ack_events adopt_cron_job allow_run_as calendar_excludes call_task cancel configure
    cron_matches cron_next cron_prev define_calendar define_lane define_pipeline define_schedule
    define_task discard_dead_letters drop_calendar drop_lane drop_pipeline drop_schedule drop_task
    emit erase_subject fetch_events get_artifact get_run log pause redrive_dead_letters
    replay_subscription rerun resume retry retry_all save_artifact signal skip_step start
    start_many start_schedule step subscribe unsubscribe unwatch_table watch_table
  '),
  ('rota_app', 'rota', '
    ack_events calendar_excludes call_task cancel cron_matches cron_next cron_prev emit
    fetch_events get_artifact get_run log rerun retry save_artifact signal skip_step start
    start_many
  '),
  ('rota_monitor', 'rota', 'calendar_excludes cron_matches cron_next cron_prev'),
  ('rota_reader', 'rota', 'calendar_excludes cron_matches cron_next cron_prev'),
  ('rota_worker', 'rota', '
    calendar_excludes cron_matches cron_next cron_prev emit log save_artifact serve start
    start_many supervise work
  '),
  ('rota_admin', 'rota_core', '
    adopt_restore adoption_obstacle capture_name capture_version check_answer check_condition
    check_watch column_names column_numbers columns_of condition_columns condition_path
    condition_problem cover_body cover_later cover_watch cron_changes cron_facts cron_job_name
    deadline_message definitions deployed_objects end_watch engine_facts event_key find_cron_job
    follow_events has_trampoline health_cron health_cron_drift health_cron_history
    health_cron_jobs health_cron_server health_cron_starts health_engine health_events
    health_restore health_runs health_schedules health_server health_tasks health_watches
    health_worker_role health_workers held_events is_within next_start oldest_unread
    pipeline_progress places primary_key redact refuse_untimely return_cron_job save_adoption save_task
    save_watch search_path tail_events take_cron_job task_call trampoline_name try_capture
    wall_clock wanted_cron_jobs watch_definition watch_members watch_stands
  '),
  ('rota_app', 'rota_core', 'check_answer task_call'),
  ('rota_owner', 'rota_core', '
    cron_changes cron_details cron_drawn cron_facts make_capture purge_cron_details ring_cron
    sync_cron worker_backends
  '),
  ('rota_reader', 'rota_core', '
    column_names columns_of cron_changes cron_facts cron_job_name deadline_message definitions
    deployed_objects engine_facts event_key
    follow_events has_trampoline health_cron health_cron_drift health_cron_history
    health_cron_jobs health_cron_server health_cron_starts health_engine health_events
    health_restore health_runs health_schedules health_server health_tasks health_watches
    health_worker_role health_workers held_events is_within next_start oldest_unread
    pipeline_progress places redact tail_events trampoline_name wall_clock wanted_cron_jobs
    watch_members
  '),
  ('rota_worker', 'rota_core', '
    asked_to_leave begin_delivery begin_pipelines check_answer check_deadlines check_size claim
    claim_external close_worker collect_log count_signal cron_job_name deliver drive_pipelines
    drop_partitions due_runs end_delivery end_worker ensure_partitions error_json expire_external
    external_runs external_tasks failures_from fire_due harvest_cron has_deferred_constraints
    hold_locks json_bytes lane_workers lanes log_external note_cron_change note_trouble
    open_cron_place open_worker open_workers page_size page_without purge_cron record_chunk record_outcomes
    recover_workers refuse_read_only register_worker request_stop reset_session
    run_batch runs_to_stop save_external_artifact see_worker serve_lane setting start_for_events
    stop_runs supervise_once tend tend_events tend_pipelines tend_watches try_delivery
    wake_subscriptions wall_clock wanted_cron_jobs work_slice written_cron_jobs
  '),
  ('rota_admin', 'rota views', '
    artifacts attempts calendars dead_letters deploys events health logs missed_deadlines
    pipeline_steps pipelines runs schedules slots subscriptions tasks watches workers
  '),
  ('rota_reader', 'rota views', '
    artifacts attempts calendars dead_letters deploys events health logs missed_deadlines
    pipeline_steps pipelines runs schedules slots subscriptions tasks watches workers
  '),
  ('rota_admin', 'schemas', 'rota rota_core'),
  ('rota_app', 'schemas', 'rota rota_core'),
  ('rota_monitor', 'schemas', 'rota'),
  ('rota_reader', 'schemas', 'rota rota_core'),
  ('rota_worker', 'schemas', 'rota rota_core'),
  ('rota_capture', 'rota_core', '
    capture_mismatch capture_query capture_row_query capture_side capture_test columns_of
    has_columns is_within note_capture plan_as_before planning search_path
  '),
  ('rota_capture', 'schemas', 'rota_core');

create temp view found as
select
  g.grantee::regrole::text as role,
  n.nspname::text as room,
  p.proname::text as name
from pg_catalog.pg_proc as p
join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
cross join lateral pg_catalog.aclexplode(p.proacl) as g
where n.nspname in ('rota', 'rota_core') and g.grantee not in (0, p.proowner)
union all
select
  g.grantee::regrole::text,
  n.nspname || ' views',
  c.relname::text
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
cross join lateral pg_catalog.aclexplode(c.relacl) as g
where n.nspname in ('rota', 'rota_core')
  and g.grantee not in (0, c.relowner) and g.privilege_type = 'SELECT'
union all
select
  g.grantee::regrole::text,
  'schemas',
  n.nspname::text
from pg_catalog.pg_namespace as n
cross join lateral pg_catalog.aclexplode(n.nspacl) as g
where n.nspname in ('rota', 'rota_core') and g.grantee not in (0, n.nspowner);

create temp view said as
select
  r.role,
  r.room,
  n.name
from recorded as r
cross join lateral regexp_split_to_table(trim(e' \n' from r.names), '\s+') as n (name);

select is_empty(
  'select f.* from found as f except select s.* from said as s',
  'nobody has a right that is not recorded'
);
select is_empty(
  'select s.* from said as s except select f.* from found as f',
  'each recorded right is there'
);
select is_empty(
  $$select r.rolname, m.rolname
    from pg_catalog.pg_auth_members as a
    join pg_catalog.pg_roles as r on r.oid = a.roleid
    join pg_catalog.pg_roles as m on m.oid = a.member
    where r.rolname like 'rota\_%' and m.rolname like 'rota\_%'$$,
  'the roles are siblings: none is a member of another'
);

select * from finish();
rollback;
