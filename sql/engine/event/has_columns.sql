create or replace function rota_core.has_columns(relation oid, digest text)
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select rota_core.columns_of(has_columns.relation) is not distinct from has_columns.digest;
$$;

comment on function rota_core.has_columns(oid, text) is
$doc$Whether a table still has the columns it had. Called immutable on purpose: with constants it
is evaluated when a statement is planned and costs nothing after that, and a statement that reads a
transition table of that table is planned again whenever the table changes.$doc$;

revoke all on function rota_core.has_columns(oid, text) from public;
grant execute on function rota_core.has_columns(oid, text) to rota_capture;
