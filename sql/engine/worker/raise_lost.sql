create or replace function rota_core.raise_lost(worker_id int)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'RT003',
    message = format('worker %s was declared lost', worker_id),
    detail = 'Its runs are with other workers now; what it did since its last commit is undone.',
    hint = 'See who declared it: select * from rota.logs where component = ''rota'' order by log_id desc;';
end;
$$;

comment on function rota_core.raise_lost(int) is
$doc$Raises RT003: the fence that keeps a worker which was declared lost from committing.$doc$;

revoke all on function rota_core.raise_lost(int) from public;
