-- rota's engine: every file in load order. Deployed by `rota deploy`; psql reads it too.

-- clock: the one clock, cron expressions and time zones
\ir clock/wall_clock.sql
\ir clock/cron_special_day.sql
\ir clock/parse_cron_field.sql
\ir clock/parse_every.sql
\ir clock/expand_cron_word.sql
\ir clock/cron_day_matches.sql
\ir clock/refuse_impossible_cron.sql
\ir clock/parse_cron.sql
\ir clock/next_cron_day.sql
\ir clock/prev_cron_day.sql
\ir clock/next_local_time.sql
\ir clock/prev_local_time.sql
\ir clock/utc_offset.sql
\ir clock/zone_transition.sql
\ir clock/local_instant.sql
\ir clock/next_instant.sql
\ir clock/prev_instant.sql
\ir clock/cron_next.sql
\ir clock/cron_prev.sql
\ir clock/cron_matches.sql

-- shared by all rooms
\ir task/caller.sql
\ir task/setting.sql

-- log: lines that survive a failed attempt
\ir log/logs.sql
\ir log/collect_log.sql
\ir log/keep_line.sql
\ir log/log.sql
\ir log/log_external.sql

-- task: definitions and their policy
\ir task/check_name.sql
\ir task/check_callers.sql
\ir task/check_pausable.sql
\ir task/check_policy.sql
\ir task/trampoline_name.sql
\ir task/has_trampoline.sql
\ir task/allow_run_as.sql
\ir task/check_run_as.sql
\ir task/configure.sql
\ir task/define_lane.sql
\ir task/define_task.sql
\ir task/drop_lane.sql
\ir task/drop_task.sql
\ir task/handler_statement.sql
\ir task/is_limited.sql
\ir task/is_retryable.sql
\ir task/parse_rate_limit.sql
\ir task/pause.sql
\ir task/place_runs.sql
\ir task/resolve_handler.sql
\ir task/resume.sql
\ir task/save_task.sql
\ir task/task_users.sql
\ir task/tasks.sql
\ir task/warn_unreachable.sql

-- run: starting, looking at, stopping
\ir run/redact.sql
\ir run/redact_task.sql
\ir run/runs.sql
\ir run/attempts.sql
\ir run/call_task.sql
\ir run/cancel.sql
\ir run/check_answer.sql
\ir run/check_own_run.sql
\ir run/check_start.sql
\ir run/claim_key.sql
\ir run/enqueue_run.sql
\ir run/erase_subject.sql
\ir run/finish_runs.sql
\ir run/get_run.sql
\ir run/requeue_finished.sql
\ir run/retry.sql
\ir run/retry_all.sql
\ir run/start.sql
\ir run/start_many.sql
\ir run/task_call.sql

-- schedule: definitions, slots, doorbells
\ir schedule/check_timezone.sql
\ir schedule/is_plain_cron.sql
\ir schedule/check_command.sql
\ir schedule/check_schedule.sql
\ir schedule/cron_doorbell.sql
\ir schedule/is_transient.sql
\ir schedule/cron_job_name.sql
\ir schedule/wanted_cron_jobs.sql
\ir schedule/cron_changes.sql
\ir schedule/sync_cron.sql
\ir schedule/ring_cron.sql
\ir schedule/pass_over.sql
\ir schedule/catch_up.sql
\ir schedule/advance_schedule.sql
\ir schedule/start_slots.sql
\ir schedule/fire_batch.sql
\ir schedule/fire_singly.sql
\ir schedule/start_waiting_slots.sql
\ir schedule/start_waiting.sql
\ir schedule/fire_due.sql
\ir schedule/schedule_resumed.sql
\ir schedule/define_schedule.sql
\ir schedule/drop_schedule.sql
\ir schedule/start_schedule.sql
\ir schedule/schedules.sql
\ir schedule/slots.sql

-- event: the log, who reads it
\ir event/check_topic.sql
\ir event/topic_pattern.sql
\ir event/event_key.sql
\ir event/emit.sql
\ir event/events.sql

-- worker: claiming, executing, supervising
\ir worker/raise_lost.sql
\ir worker/open_workers.sql
\ir worker/worker_backends.sql
\ir worker/asked_to_leave.sql
\ir worker/claim.sql
\ir worker/claim_by_priority.sql
\ir worker/claim_external.sql
\ir worker/claim_general.sql
\ir worker/claim_limited.sql
\ir worker/claim_of_task.sql
\ir worker/close_worker.sql
\ir worker/count_signal.sql
\ir worker/drop_partitions.sql
\ir worker/due_priorities.sql
\ir worker/due_runs.sql
\ir worker/end_worker.sql
\ir worker/ensure_partitions.sql
\ir worker/error_json.sql
\ir worker/expire_external.sql
\ir worker/external_runs.sql
\ir worker/external_tasks.sql
\ir worker/general_head.sql
\ir worker/has_deferred_constraints.sql
\ir worker/has_limited_due.sql
\ir worker/hold_locks.sql
\ir worker/lane_workers.sql
\ir worker/lanes.sql
\ir worker/learn_costs.sql
\ir worker/limit_room.sql
\ir worker/limited_heads.sql
\ir worker/limited_tasks.sql
\ir worker/lose_worker.sql
\ir worker/make_partition.sql
\ir worker/note_trouble.sql
\ir worker/open_worker.sql
\ir worker/paused_tasks.sql
\ir worker/plan_for_index.sql
\ir worker/record_chunk.sql
\ir worker/record_failure.sql
\ir worker/record_outcomes.sql
\ir worker/recover_workers.sql
\ir worker/redact_finished.sql
\ir worker/refuse_read_only.sql
\ir worker/register_worker.sql
\ir worker/request_stop.sql
\ir worker/retry_delay.sql
\ir worker/run_batch.sql
\ir worker/runs_to_stop.sql
\ir worker/see_worker.sql
\ir worker/serve.sql
\ir worker/serve_lane.sql
\ir worker/settle_failure.sql
\ir worker/stop_runs.sql
\ir worker/supervise.sql
\ir worker/supervise_once.sql
\ir worker/take_tokens.sql
\ir worker/tend.sql
\ir worker/work.sql
\ir worker/work_slice.sql
\ir worker/workers.sql

-- report: views and health
\ir report/engine_facts.sql
\ir report/cron_facts.sql
\ir report/health_cron.sql
\ir report/health_cron_server.sql
\ir report/health_cron_jobs.sql
\ir report/health_worker_role.sql
\ir report/health_workers.sql
\ir report/health_engine.sql
\ir report/health_tasks.sql
\ir report/health_schedules.sql
\ir report/health_runs.sql
\ir report/health.sql
