create or replace function night_batch.begin_run(input jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run jsonb := begin_run.input -> 'run';
  v_at timestamptz := coalesce((v_run ->> 'now')::timestamptz, now());
  v_day date := coalesce((v_run ->> 'day')::date, (v_at at time zone 'UTC')::date - 1);
  v_keep interval := coalesce((v_run ->> 'keep')::interval, interval '30 days');
begin
  return jsonb_build_object(
    'day', v_day,
    'at', v_at,
    -- One cutoff for the whole run, counted in UTC whatever the session's time zone.
    'cutoff', ((v_at at time zone 'UTC') - v_keep) at time zone 'UTC',
    'recompute', coalesce((v_run ->> 'recompute')::boolean, false)
  );
end;
$$;

comment on function night_batch.begin_run(jsonb) is
$doc$The handler of the first step: the run's day, moment and cutoff, which all others only read.

`run`, all optional: `day` (default: yesterday, UTC), `recompute` (the first figures of a day stand
without it), `keep` (how long notifications stay, 30 days), `sessions_table` and
`sessions_time_column` (`auth.sessions`, `expires_at`), `now` (for tests).$doc$;

revoke all on function night_batch.begin_run(jsonb) from public;
grant execute on function night_batch.begin_run(jsonb) to night_batch;
