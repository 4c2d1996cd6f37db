create or replace view rota.watches as
select
  format('%s.%s', n.nspname, c.relname)::text as name,
  w.topic,
  w.operations,
  rota_core.column_names(w.relation, w.definition -> 'columns') as columns,
  w.condition,
  rota_core.column_names(w.relation, w.definition -> 'exclude') as exclude,
  rota_core.column_names(w.relation, nullif(w.definition -> 'key', '[]')) as key,
  w.level,
  case
    when t.missing = 0 and t.disabled = 0 then 'active'
    when t.missing + t.disabled < t.wanted then 'partial'
    when t.disabled > 0 then 'disabled'
    else 'missing'
  end as state,
  w.defined_at,
  w.defined_by,
  w.watch_id
from rota_core.watch as w
join pg_catalog.pg_class as c on c.oid = w.relation
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
cross join lateral (
  select
    count(*) as wanted,
    count(*) filter (where m.trigger_name is null) as missing,
    count(*) filter (where m.enabled in ('D', 'R')) as disabled
  from rota_core.watch_members(w.relation) as m
) as t
where w.ended_at is null;

comment on view rota.watches is
$doc$Tables whose changes are captured. state: `active`, `partial` while partitions lack triggers or
some are disabled, `disabled` or `missing` where no change is captured. Columns go by the names
they have now. For: rota_reader, rota_admin.$doc$;

revoke all on rota.watches from public;
grant select on rota.watches to rota_reader, rota_admin;
