create or replace function rota_core.exclusion(
  forms rota_core.calendar_form[], at timestamptz, out since timestamptz, out until timestamptz
)
returns record
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_form rota_core.calendar_form;
  v_wall timestamp;
  v_midnight timestamp;
  v_minutes int4range;
  v_edge timestamptz;
begin
  for v_form in select f.* from unnest(forms) as f loop
    v_wall := at at time zone v_form.timezone;
    continue when not rota_core.calendar_form_matches(v_form, v_wall);

    v_midnight := date_trunc('day', v_wall);
    select h.span
    into v_minutes
    from unnest(v_form.hours) as h (span)
    where (extract(epoch from v_wall - v_midnight) / 60)::numeric >= lower(h.span)
      and (extract(epoch from v_wall - v_midnight) / 60)::numeric < upper(h.span);

    -- A rule holds as long as the clock goes on within its hours of the day, which it does up to
    -- where the offset changes.
    v_edge := at
      - (v_wall - v_midnight - make_interval(mins => coalesce(lower(v_minutes), 0)));
    if rota_core.utc_offset(v_edge, v_form.timezone)
      <> rota_core.utc_offset(at, v_form.timezone)
    then
      v_edge := rota_core.zone_transition(v_edge, at, v_form.timezone);
    end if;
    since := least(since, v_edge);

    v_edge := at
      + (v_midnight + make_interval(mins => coalesce(upper(v_minutes), 1440)) - v_wall);
    if rota_core.utc_offset(v_edge, v_form.timezone)
      <> rota_core.utc_offset(at, v_form.timezone)
    then
      v_edge := rota_core.zone_transition(at, v_edge, v_form.timezone);
    end if;
    until := greatest(until, v_edge);
  end loop;
end;
$$;

comment on function rota_core.exclusion(rota_core.calendar_form[], timestamptz) is
$doc$A stretch of time around `at`, not longer than a day, all of which these rules exclude: from
since up to, not including, until. Nulls where they do not exclude `at`.$doc$;

revoke all on function rota_core.exclusion(rota_core.calendar_form[], timestamptz) from public;
