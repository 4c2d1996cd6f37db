create or replace function rota_core.cancel_queued(run_id bigint, step text default null)
returns rota_core.step_result[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- One that is being claimed, or cancelled by itself, is left alone: its end is noted when it
  -- comes.
  return (
    select m.results
    from rota_core.move_runs(array(
      select r.run_id
      from rota_core.run as r
      where r.parent_run_id = cancel_queued.run_id and r.state = 'queued' and r.step is not null
        and (cancel_queued.step is null or r.step = cancel_queued.step)
        and not starts_with(r.origin, 'compensation:')
      order by r.run_id
      for update skip locked
    ), 'queued', 'cancelled', null) as m
  );
end;
$$;

comment on function rota_core.cancel_queued(bigint, text) is
$doc$Cancels the queued runs of the steps of a run, or of one step. Returns how they ended, for the
caller, who holds the lock of the run, to settle.$doc$;

revoke all on function rota_core.cancel_queued(bigint, text) from public;
