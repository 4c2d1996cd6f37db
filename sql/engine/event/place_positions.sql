create or replace function rota_core.place_positions(subscription text, since text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_shards int;
  v_now constant timestamptz := rota_core.wall_clock();
  v_low pg_snapshot := pg_snapshot '3:3:';
  v_low_id bigint := 0;
  v_wanted int;
begin
  select count(*) into v_shards
  from rota_core.event_position as p where p.subscription = place_positions.subscription;
  select s.shards into v_wanted
  from rota_core.subscription as s where s.subscription = place_positions.subscription;
  if exists (
    select from rota_core.event_position as p where p.cluster <> rota_core.cluster_id()
  ) then
    perform rota_core.raise_restored();
  elsif v_shards = v_wanted then
    return;
  elsif v_shards > 0 then
    raise exception using
      errcode = 'RT002',
      message = format('subscription %s has %s shards and cannot be given %s', subscription,
        v_shards, v_wanted),
      detail = 'They do not stand at one place in the log.',
      hint = format('select rota.unsubscribe(%L); then subscribe again, or keep shards => %s.',
        subscription, v_shards);
  end if;

  if since = 'now' then
    v_low := rota_core.snapshot_before(pg_current_xact_id(), pg_current_snapshot());
    -- After the snapshot: all that it sees has a number up to this.
    v_low_id := (select s.last_value from rota_core.event_id as s);
  end if;
  insert into rota_core.event_position (
    subscription, shard, low, low_id, phase, cluster, moved_at, wake_at
  )
  select
    place_positions.subscription, g.shard, v_low, v_low_id, (since = 'earliest')::int,
    rota_core.cluster_id(), v_now, v_now
  from generate_series(0, v_wanted - 1) as g (shard);
end;
$$;

comment on function rota_core.place_positions(text, text) is
$doc$Gives a new subscription its positions: before all that is kept, or after all that has
committed. From the beginning there are no stragglers, so the first window begins in phase 1.
Raises RT002 when there are positions, but not as many as shards.$doc$;

revoke all on function rota_core.place_positions(text, text) from public;
