create or replace function rota_core.cron_job_name(suffix text default '')
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_database constant text := current_database();
  -- Job names hold 63 bytes in pg_cron 1.4, and what is longer would be cut without a word.
  v_prefix constant text := format('rota:%s:', case
    when octet_length(v_database) <= 20 then v_database else left(md5(v_database), 12) end);
begin
  return case
    when octet_length(v_prefix || suffix) <= 63 then v_prefix || suffix
    else v_prefix || split_part(suffix, ':', 1) || ':' || left(md5(suffix), 16)
  end;
end;
$$;

comment on function rota_core.cron_job_name(text) is
$doc$The name of one of this database's jobs in cron.job: rota:<database>:<suffix>, shortened by
hash.

Without an argument, the prefix that all of them have.$doc$;

revoke all on function rota_core.cron_job_name(text) from public;
grant execute on function rota_core.cron_job_name(text) to rota_worker, rota_reader, rota_admin;
