create or replace function rota_core.capture_version()
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select md5(string_agg(p.prosrc, '' order by p.proname))
  from pg_proc as p
  where p.pronamespace = 'rota_core'::regnamespace and p.proname ~ '^(capture_[a-z]|make_capture$)';
$$;

comment on function rota_core.capture_version() is
$doc$A digest of the functions that write trigger functions: it changes when a deploy changes
them.$doc$;

revoke all on function rota_core.capture_version() from public;
grant execute on function rota_core.capture_version() to rota_admin;
