create or replace function night_batch.end_sweep(state jsonb, moved bigint)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_sweep int := (end_sweep.state ->> 'sweep')::int;
  v_left bigint;
begin
  -- Rows that came in behind a sweep are found by the next. Five are enough: writers
  -- that add due rows all the time must not keep the night batch from its end.
  if (end_sweep.state ->> 'swept')::bigint + end_sweep.moved > 0 and v_sweep < 5 then
    return (end_sweep.state - '{after_at,after_id}'::text[])
      || jsonb_build_object('sweep', v_sweep + 1, 'swept', 0);
  end if;

  select count(*)
  into v_left
  from public.notifications as n
  where n.created_at < (end_sweep.state ->> 'cutoff')::timestamptz;

  return end_sweep.state || jsonb_build_object('step', 'done', 'left', v_left);
end;
$$;

comment on function night_batch.end_sweep(jsonb, bigint) is
$doc$After the last chunk of a sweep: once more if it found something, else it is done.

What is due and still there is counted as `left`: somebody holds it locked, or it came in just now.
The next night takes it.$doc$;

revoke all on function night_batch.end_sweep(jsonb, bigint) from public;
grant execute on function night_batch.end_sweep(jsonb, bigint) to night_batch;
