create or replace function rota_core.is_excluded(
  forms rota_core.calendar_form[], at timestamptz
)
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select
    from unnest(forms) as f
    where rota_core.calendar_form_matches(f, at at time zone f.timezone)
  );
$$;

comment on function rota_core.is_excluded(rota_core.calendar_form[], timestamptz) is
$doc$Whether any of these rules excludes a moment.$doc$;

revoke all on function rota_core.is_excluded(rota_core.calendar_form[], timestamptz) from public;
