create or replace function rota_core.raise_restored()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'RT008',
    message = 'the event log was restored into another cluster, so positions in it mean nothing',
    detail = 'The numbers of transactions that they are made of are those of the old cluster.',
    hint = 'rota doctor --adopt-restore';
end;
$$;

comment on function rota_core.raise_restored() is
$doc$Refuses, with RT008, to read a log whose positions were made in another cluster.$doc$;

revoke all on function rota_core.raise_restored() from public;
