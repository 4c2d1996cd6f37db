create or replace function rota_core.health_events()
returns table (check_name text, status text, detail text, hint text)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_size constant bigint := rota_core.log_size();
  v_limit constant bigint := rota_core.parse_size(rota_core.setting('event_max_size'));
  v_row record;
begin
  check_name := 'event log';
  status := case when v_size > v_limit then 'critical' else 'ok' end;
  detail := format('%s%s, since %s', pg_size_pretty(v_size),
    ' of ' || pg_size_pretty(v_limit),
    coalesce((
      select date_trunc('second', e.at) from rota_core.event as e order by e.event_id limit 1
    )::text, 'now'));
  hint := case when v_size > v_limit
    then 'The oldest days go when all have read them; see who has not: '
      'select name, lag from rota.subscriptions; or allow more: '
      'select rota.configure(''event_max_size'', ''100 GB'');' end;
  return next;

  for v_row in
    select
      l.subscription, l.max_lag, max(l.lag) as lag, min(l.at) as oldest_at,
      min(l.released_at) as released_at
    from rota_core.lags() as l
    group by l.subscription, l.max_lag
    order by l.subscription
  loop
    check_name := 'subscription ' || v_row.subscription;
    status := case
      when v_row.released_at is not null or v_row.lag > v_row.max_lag then 'critical'
      when v_row.lag > v_row.max_lag / 2 then 'warning'
      else 'ok' end;
    detail := case
      when v_row.released_at is not null then format(
        'paused since %s, and the log is not kept for it any more',
        date_trunc('second', v_row.released_at))
      when v_row.oldest_at is null then 'it has read all'
      else format('the oldest event that it has not read is of %s; max_lag is %s',
        date_trunc('second', v_row.oldest_at), v_row.max_lag) end;
    hint := case
      when v_row.released_at is not null
        then format('select rota.resume(''subscription'', %L);', v_row.subscription)
      when status <> 'ok' then 'Are its workers at work? rota status, or: select * from '
        'rota.subscriptions;' end;
    return next;
  end loop;

  return query
  select
    'missed events of ' || m.subscription, 'warning',
    format('%s events, from %s to %s, left the log unread%s', sum(m.events), min(m.first_id),
      max(m.last_id), ' before it was resumed at ' || date_trunc('second', max(m.noted_at))),
    'They cannot be read any more: look in the tables that they were about.'
  from rota_core.missed_span as m
  group by m.subscription
  order by m.subscription;

  return query
  select
    'dead letters', case when count(*) > 0 then 'warning' else 'ok' end,
    coalesce(string_agg(d.said, ', ' order by d.said), 'none'),
    case when count(*) > 0 then 'select * from rota.dead_letters; then '
      'select rota.redrive_dead_letters(''name''); or rota.discard_dead_letters' end
  from (
    select format('%s %s', h.subscription, count(*)) as said
    from rota_core.held_event as h
    where h.dead_at is not null
    group by h.subscription
  ) as d;

  return query
  select
    'events tried again', 'ok',
    coalesce(string_agg(r.said, ', ' order by r.said), 'none'), null
  from (
    select format('%s %s', h.subscription, count(*)) as said
    from rota_core.held_event as h
    where h.next_at is not null and h.leased_by is null
    group by h.subscription
  ) as r;
end;
$$;

comment on function rota_core.health_events() is
$doc$The event log's size and age, how far each subscription is behind, what has been missed, what
failed for good and what is tried again.$doc$;

revoke all on function rota_core.health_events() from public;
grant execute on function rota_core.health_events() to rota_reader, rota_admin;
