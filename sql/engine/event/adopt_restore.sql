create or replace function rota_core.adopt_restore()
returns table (subscription text, shard int, held bigint)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant pg_snapshot := pg_current_snapshot();
  v_any boolean;
begin
  -- One at a time, and nobody subscribes meanwhile.
  lock table rota_core.event_position in share row exclusive mode;
  v_any := exists (
    select from rota_core.event_position as p where p.cluster <> rota_core.cluster_id()
  );
  return query
  select p.subscription, p.shard, rota_core.adopt_position(p)
  from rota_core.event_position as p
  where p.cluster <> rota_core.cluster_id()
  order by p.subscription, p.shard;

  -- From now on they are older than every snapshot. Where all positions are of this cluster, only
  -- what cannot be its own.
  update rota_core.event as e
  set xid = '3'
  where e.xid >= case when v_any then xid8 '4' else pg_snapshot_xmax(v_now) end;
end;
$$;

comment on function rota_core.adopt_restore() is
$doc$Makes the event log and the positions in it good for this cluster, after a restore from
another: each event that a subscription had not been delivered there is delivered here, once.

Returns for each shard how many events went to its retry list, because later ones had been delivered
before them. Rewrites the log; does nothing where nothing was restored. `rota doctor
--adopt-restore`.
For: rota_admin, members of rota_owner.$doc$;

revoke all on function rota_core.adopt_restore() from public;
grant execute on function rota_core.adopt_restore() to rota_admin;
