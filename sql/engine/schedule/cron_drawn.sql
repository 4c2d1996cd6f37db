set local role rota_worker;

create or replace function rota_core.cron_drawn()
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_drawn bigint;
begin
  if not has_schema_privilege('cron', 'usage')
    or not has_table_privilege('cron.job_run_details', 'select')
    or not has_sequence_privilege('cron.runid_seq', 'select')
  then
    return null;
  end if;

  -- As text, because the extension need not be there.
  execute format('select s.last_value from %I.runid_seq as s', 'cron') into v_drawn;
  return v_drawn;
end;
$$;

comment on function rota_core.cron_drawn() is
$doc$The last runid that pg_cron has drawn, for a job of whomever; null where rota_worker may not
look.$doc$;

revoke all on function rota_core.cron_drawn() from public;
grant execute on function rota_core.cron_drawn() to rota_owner;

set local role rota_owner;
