create or replace function rota_core.snapshot_before(own xid8, snapshot pg_snapshot)
returns pg_snapshot
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if not pg_visible_in_snapshot(own, snapshot) then
    return snapshot;
  end if;
  return format(
    '%s:%s:%s', least(own, pg_snapshot_xmin(snapshot)), pg_snapshot_xmax(snapshot),
    (
      select string_agg(x.xid::text, ',' order by x.xid)
      from (select pg_snapshot_xip(snapshot) as xid union select own) as x
    )
  )::pg_snapshot;
end;
$$;

comment on function rota_core.snapshot_before(xid8, pg_snapshot) is
$doc$A snapshot with the reader's own transaction counted as in progress: what its handlers emit
after the snapshot was taken would otherwise pass for seen.$doc$;

revoke all on function rota_core.snapshot_before(xid8, pg_snapshot) from public;
