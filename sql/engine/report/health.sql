create or replace view rota.health as
with facts as materialized (
  select rota_core.engine_facts() || rota_core.cron_facts() as known
)

select h.*
from facts as f
cross join lateral rota_core.health_cron(f.known) as h
union all
select h.*
from facts as f
cross join lateral rota_core.health_cron_server(f.known) as h
union all
select h.*
from facts as f
cross join lateral rota_core.health_cron_starts(f.known) as h
union all
select h.*
from facts as f
cross join lateral rota_core.health_cron_history(f.known) as h
union all
select h.* from rota_core.health_cron_drift() as h
union all
select h.* from rota_core.health_cron_jobs() as h
union all
select h.* from rota_core.health_server() as h
union all
select h.* from rota_core.health_worker_role() as h
union all
select h.* from rota_core.health_workers() as h
union all
select h.* from rota_core.health_engine() as h
union all
select h.* from rota_core.health_tasks() as h
union all
select h.* from rota_core.health_schedules() as h
union all
select h.* from rota_core.health_runs() as h
union all
select h.* from rota_core.health_watches() as h
union all
select h.* from rota_core.health_events() as h
union all
select h.* from rota_core.health_restore() as h;

comment on view rota.health is
$doc$One row for each thing that is checked. status: `ok`, `warning`, `critical`, or `no rights`
where the caller may not see enough to tell; hint: what to type. For: rota_reader, rota_admin.$doc$;

revoke all on rota.health from public;
grant select on rota.health to rota_reader, rota_admin;
