create or replace function rota_core.reset_session(application_name text, attempt text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  reset all;
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false);
  -- What the supervisor and rota.log know the run by.
  perform
    set_config('application_name', application_name, true),
    set_config('rota.attempt', attempt, true);
end;
$$;

comment on function rota_core.reset_session(text, text) is
$doc$Undoes the settings of a handler, or of a search in rota's tables, within an attempt.$doc$;

revoke all on function rota_core.reset_session(text, text) from public;
grant execute on function rota_core.reset_session(text, text) to rota_worker;
