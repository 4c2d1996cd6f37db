create or replace function rota_core.refuse_untimely(
  schedule text, since timestamptz, until timestamptz
)
returns void
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_schedule rota_core.schedule;
  v_slot timestamptz;
begin
  select s.*
  into v_schedule
  from rota_core.schedule as s
  where s.schedule = refuse_untimely.schedule;

  -- Of one that starts every few seconds there is always a slot about; its times mean nothing.
  if (rota_core.parse_cron(v_schedule.cron)).every < interval '1 minute' then
    return;
  end if;

  v_slot := rota.cron_next(v_schedule.cron, since, v_schedule.timezone);
  if v_slot <= until then
    raise exception using
      errcode = 'lock_not_available',
      message = format('schedule %s and its cron job cannot change places now', schedule),
      detail = format('Its slot at %s is too near to say which of both starts it.', v_slot),
      hint = 'Do it again in half a minute.';
  end if;
end;
$$;

comment on function rota_core.refuse_untimely(text, timestamptz, timestamptz) is
$doc$Refuses, with 55P03, that a schedule comes or goes while it has a slot after since, up to
until: pg_cron looks about once a second at what has changed in cron.job, and starts a job that
is no longer there until it has looked.$doc$;

revoke all on function rota_core.refuse_untimely(text, timestamptz, timestamptz) from public;
grant execute on function rota_core.refuse_untimely(text, timestamptz, timestamptz)
to rota_admin;
