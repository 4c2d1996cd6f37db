-- Owned by rota_worker: only a role sees the state of its own backends.
set local role rota_worker;

create or replace function rota_core.worker_backends()
returns table (
  worker_id int, kind text, lane text, pid int, alive boolean, run_id bigint, since timestamptz
)
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  select
    w.worker_id, w.kind, w.lane, w.pid,
    -- An advisory lock outlives its CALL on a pooled backend, and a handler can drop it: a worker
    -- lives while its backend works, and holds the lock, carries rota's name or is in that CALL.
    a.pid is not null
      and (a.backend_start = w.backend_start or a.backend_start is null)
      and (w.kind = 'external' or a.state = 'active' or a.state is null)
      and (
        l.pid is not null or a.application_name like 'rota %'
        or a.query ~* '\mcall\M.*\m(work|serve|supervise)\M'
      )
      and (w.kind <> 'external' or w.seen_at > rota_core.wall_clock() - interval '1 minute'),
    split_part(n.name, ' ', 3)::bigint,
    to_timestamp(split_part(n.name, ' ', 4)::bigint / 1000.0)
  from rota_core.open_workers() as w
  left join pg_stat_activity as a on a.pid = w.pid
  left join pg_locks as l
    on l.locktype = 'advisory' and l.classid = 1919906913 and l.objid = w.worker_id
    and l.objsubid = 2 and l.pid = w.pid and l.granted
    and l.database = (select d.oid from pg_database as d where d.datname = current_database())
  left join lateral (
    select a.application_name as name
    where a.application_name ~ '^rota run \d{1,18} \d{1,15}$'
  ) as n on true;
$$;

comment on function rota_core.worker_backends() is
$doc$Each open worker: whether it is alive, and which run its backend is in, since when.$doc$;

revoke all on function rota_core.worker_backends() from public;
grant execute on function rota_core.worker_backends() to rota_owner;

set local role rota_owner;
