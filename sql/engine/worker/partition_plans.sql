create or replace function rota_core.partition_plans()
returns table (
  parent text, time_column text, step interval, ahead interval, keep text
)
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  values
    ('finished_run', 'finished_at', interval '1 week', interval '4 weeks', 'history_keep'),
    ('attempt', 'finished_at', interval '1 week', interval '4 weeks', 'history_keep'),
    ('log', 'at', interval '1 week', interval '4 weeks', 'log_keep'),
    ('event', 'at', interval '1 day', interval '3 days', 'event_keep');
$$;

comment on function rota_core.partition_plans() is
$doc$The tables that are partitioned by time: by which column, in which steps, made how far ahead,
and the setting that says how long their rows are kept.$doc$;

revoke all on function rota_core.partition_plans() from public;
