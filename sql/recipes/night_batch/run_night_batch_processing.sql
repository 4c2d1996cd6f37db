create or replace function public.run_night_batch_processing(
  day date default (now() at time zone 'UTC')::date - 1,
  out run_id bigint,
  out is_new boolean
)
returns record
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if run_night_batch_processing.day is null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'the day of a night batch is null',
      hint = 'Yesterday is the default: select * from public.run_night_batch_processing();';
  end if;
  -- The first figures of a day stand, so they must not be taken before it is over.
  if run_night_batch_processing.day >= (now() at time zone 'UTC')::date then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('day %s is not over yet (UTC)', run_night_batch_processing.day),
      hint = 'Yesterday is the default: select * from public.run_night_batch_processing();';
  end if;

  select s.run_id, s.is_new
  into run_night_batch_processing.run_id, run_night_batch_processing.is_new
  from rota.start(
    'night-batch',
    jsonb_build_object('day', run_night_batch_processing.day),
    key => 'night-batch:' || run_night_batch_processing.day,
    on_key => 'retry_failed'
  ) as s;
end;
$$;

comment on function public.run_night_batch_processing(date) is
$doc$Start the night batch of a day (default: yesterday, UTC) and return its run.

A day has one run, whoever starts it: calling again returns the same run_id and is_new = false, and
starts it again only if it failed.

Raises 22023 when the day is null or not over yet.
For: rota_app, rota_admin.$doc$;

revoke all on function public.run_night_batch_processing(date) from public;
grant execute on function public.run_night_batch_processing(date)
to rota_app, rota_admin, night_batch;
