create or replace function rota_core.is_restored()
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select from rota_core.event_position as p where p.cluster <> rota_core.cluster_id()
  ) or exists (
    -- What is visible here has a number from below xmax, unless it is of another cluster.
    select
    from (select e.xid from rota_core.event as e order by e.xid desc limit 1) as e
    where e.xid >= pg_snapshot_xmax(pg_current_snapshot())
      and e.xid is distinct from pg_current_xact_id_if_assigned()
  );
end;
$$;

comment on function rota_core.is_restored() is
$doc$Whether the event log, or a position in it, is of another cluster.$doc$;

revoke all on function rota_core.is_restored() from public;
