create or replace function rota_core.drop_partition(
  parent text, part text, seen pg_snapshot default null
)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_has_news boolean;
begin
  -- A plain drop would queue for the parent's lock in front of every writer.
  perform set_config('lock_timeout', '50ms', true);
  execute format(
    'alter table rota_core.%I detach partition rota_core.%I', parent, part
  );
  if seen is not null then
    -- Nobody writes to it any more, but somebody may have committed since it was looked through.
    execute format(
      'select exists (
         select from rota_core.%I as e
         where e.xid >= pg_snapshot_xmin($1) and not pg_visible_in_snapshot(e.xid, $1)
       )', part
    ) into v_has_news using seen;
    if v_has_news then
      raise exception using
        errcode = 'serialization_failure',
        message = format('%s was written to meanwhile', part),
        hint = 'It is tried again a minute later.';
    end if;
  end if;
  execute format('drop table rota_core.%I', part);
  return true;
exception when lock_not_available or deadlock_detected or serialization_failure then
  return false;
end;
$$;

comment on function rota_core.drop_partition(text, text, pg_snapshot) is
$doc$Detaches a partition and drops it, if its locks can be had at once and, where seen is given,
nothing has been committed into it since that snapshot. The locks are held until the end of the
transaction.$doc$;

revoke all on function rota_core.drop_partition(text, text, pg_snapshot) from public;
