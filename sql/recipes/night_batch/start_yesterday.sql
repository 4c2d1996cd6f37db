create or replace function night_batch.start_yesterday()
returns jsonb
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('run_id', r.run_id, 'is_new', r.is_new)
  from public.run_night_batch_processing() as r;
$$;

comment on function night_batch.start_yesterday() is
$doc$The handler of the task `night-batch-start`, which the schedule starts.

A scheduled run carries no day, so it could not share its key with one that an application started.
This asks for the day by the same door, and the two are one run.$doc$;

revoke all on function night_batch.start_yesterday() from public;
grant execute on function night_batch.start_yesterday() to night_batch;
