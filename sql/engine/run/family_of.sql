create or replace function rota_core.family_of(run_id bigint)
returns table (run_id bigint)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive family as (
    select family_of.run_id as run_id
    union
    select c.run_id
    from family as f
    cross join lateral (
      select r.run_id from rota_core.run as r where r.parent_run_id = f.run_id
      union all
      select h.run_id from rota_core.finished_run as h where h.parent_run_id = f.run_id
    ) as c
  )
  select f.run_id from family as f;
$$;

comment on function rota_core.family_of(bigint) is
$doc$A run and the runs of its steps, and of theirs.$doc$;

revoke all on function rota_core.family_of(bigint) from public;
