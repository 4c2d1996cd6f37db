create or replace function rota_core.note_missed(subscription text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_missed record;
begin
  update rota_core.event_position as p
  set released_at = null, released_from = null, lag_noted_at = null
  where p.subscription = note_missed.subscription and p.released_at is not null;
  if not found then
    return;
  end if;

  with noted as (
    update rota_core.missed_span as m
    set noted_at = v_now
    where m.subscription = note_missed.subscription and m.noted_at is null
    returning m.*
  )
  select sum(n.events) as events, min(n.first_id) as first_id, max(n.last_id) as last_id
  into v_missed
  from noted as n;
  if v_missed.events is not null then
    insert into rota_core.log (at, level, message, context, component)
    values (
      v_now, 'error', format('subscription %s has missed %s events, from %s to %s: they left the '
        'log while it was paused', note_missed.subscription, v_missed.events,
        v_missed.first_id, v_missed.last_id),
      to_jsonb(v_missed) || jsonb_build_object('subscription', note_missed.subscription),
      'rota'
    );
  end if;
end;
$$;

comment on function rota_core.note_missed(text) is
$doc$What follows when a subscription goes on: the log is kept for it again, and what left it
meanwhile is logged.$doc$;

revoke all on function rota_core.note_missed(text) from public;
