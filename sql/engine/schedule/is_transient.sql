create or replace function rota_core.is_transient(state text)
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select left(state, 2) in ('25', '40', '53', '57', '58');
$$;

comment on function rota_core.is_transient(text) is
$doc$Whether an SQLSTATE tells of the server's state, so that the same may succeed a moment
later.$doc$;

revoke all on function rota_core.is_transient(text) from public;
