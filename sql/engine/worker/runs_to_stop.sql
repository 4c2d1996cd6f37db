create or replace function rota_core.runs_to_stop()
returns table (run_id bigint, attempt int, worker_id int, pid int, since timestamptz, reason text)
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  select r.run_id, r.attempt, r.worker_id, b.pid, b.since, s.reason
  from rota_core.worker_backends() as b
  join rota_core.run as r on r.run_id = b.run_id and r.worker_id = b.worker_id
  join rota_core.task as t on t.task = r.task
  cross join lateral (
    select case
      when r.stop_reason is not null then r.stop_reason
      when b.since + t.timeout < rota_core.wall_clock() then 'timeout'
    end as reason
  ) as s
  where r.state = 'running' and b.alive and s.reason is not null
    and (r.stop_signalled_at is null
      or r.stop_signalled_at < rota_core.wall_clock() - interval '0.9 s')
  order by r.run_id;
$$;

comment on function rota_core.runs_to_stop() is
$doc$The runs in a handler right now that were cancelled or are past their timeout.$doc$;

revoke all on function rota_core.runs_to_stop() from public;
grant execute on function rota_core.runs_to_stop() to rota_worker;
