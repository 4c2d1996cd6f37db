create or replace function night_batch.begin_run(input jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at timestamptz := coalesce((begin_run.input ->> 'now')::timestamptz, now());
  v_day date := coalesce((begin_run.input ->> 'day')::date, (v_at at time zone 'UTC')::date - 1);
  v_keep interval := coalesce((begin_run.input ->> 'keep')::interval, interval '30 days');
begin
  return jsonb_build_object(
    'step', 'statistics',
    'day', v_day,
    'at', v_at,
    -- One cutoff for the whole run, counted in UTC whatever the session's time zone.
    'cutoff', ((v_at at time zone 'UTC') - v_keep) at time zone 'UTC',
    'output', '{}'::jsonb
  );
end;
$$;

comment on function night_batch.begin_run(jsonb) is
$doc$The first state of a run: its day, its moment and its cutoff, which later chunks only read.

Input, all optional: `day` (default: yesterday, UTC), `now` (for tests), `keep` (30 days).$doc$;

revoke all on function night_batch.begin_run(jsonb) from public;
grant execute on function night_batch.begin_run(jsonb) to night_batch;
