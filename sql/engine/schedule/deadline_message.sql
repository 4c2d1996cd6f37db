create or replace function rota_core.deadline_message(
  schedule text, last_success_at timestamptz, lasts boolean
)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when last_success_at is null
      then format('%s %s never succeeded', schedule, case when lasts then 'has' else 'had' end)
    else format(
      '%s %s not succeeded since %s UTC', schedule, case when lasts then 'has' else 'had' end,
      to_char(last_success_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
    )
  end;
$$;

comment on function rota_core.deadline_message(text, timestamptz, boolean) is
$doc$A missed deadline for people to read.$doc$;

revoke all on function rota_core.deadline_message(text, timestamptz, boolean) from public;
grant execute on function rota_core.deadline_message(text, timestamptz, boolean)
to rota_reader, rota_admin;
