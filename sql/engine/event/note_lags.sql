create or replace function rota_core.note_lags()
returns int
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_too_large constant boolean := coalesce(
    rota_core.log_size() > rota_core.parse_size(rota_core.setting('event_max_size')), false
  );
  v_lag record;
  v_noted int := 0;
begin
  -- Its row is locked for as long as a reader is at work on a page.
  perform set_config('lock_timeout', '500ms', true);
  for v_lag in select l.* from rota_core.lags() as l where l.released_at is null loop
    begin
      if v_lag.lag <= v_lag.max_lag then
        update rota_core.event_position as p
        set lag_noted_at = null
        where p.subscription = v_lag.subscription and p.shard = v_lag.shard
          and p.lag_noted_at is not null;
      elsif v_lag.noted_at is null then
        update rota_core.event_position as p
        set lag_noted_at = v_now
        where p.subscription = v_lag.subscription and p.shard = v_lag.shard;
        insert into rota_core.log (at, level, message, context, component)
        values (
          v_now, 'error', format('subscription %s lags: it has not read event %s of %s',
            v_lag.subscription, v_lag.event_id, date_trunc('second', v_lag.at)),
          jsonb_build_object('subscription', v_lag.subscription, 'shard', v_lag.shard,
            'event_id', v_lag.event_id, 'max_lag', v_lag.max_lag), 'rota'
        );
        v_noted := v_noted + 1;
      -- Who begins far back, or is resumed there, has as long to catch up.
      elsif v_lag.lag > 2 * v_lag.max_lag and v_lag.noted_at <= v_now - v_lag.max_lag then
        perform rota_core.release_subscription(v_lag.subscription, format(
          'it lagged by more than twice its max_lag of %s', v_lag.max_lag));
      elsif v_too_large
        and v_lag.noted_at <= v_now - least(v_lag.max_lag, interval '10 minutes')
      then
        perform rota_core.release_subscription(v_lag.subscription, format(
          'it lagged by more than its max_lag of %s while the log was over event_max_size',
          v_lag.max_lag));
      end if;
    exception when lock_not_available then
      -- A reader is at work; where it is not to go on, it stops at the next page, being paused.
      continue;
    end;
  end loop;
  return v_noted;
end;
$$;

comment on function rota_core.note_lags() is
$doc$Logs, once an episode, which subscriptions lag past their max_lag, and releases those that have
for too long. Returns how many were logged.$doc$;

revoke all on function rota_core.note_lags() from public;
