create or replace function rota_core.take_tokens(task text, runs int)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  update rota_core.rate as k
  set tokens = k.tokens - take_tokens.runs
  where k.task = take_tokens.task
    and exists (
      select from rota_core.task as t
      where t.task = take_tokens.task and t.rate_limit is not null
    );
$$;

comment on function rota_core.take_tokens(text, int) is
$doc$Takes the tokens of runs that were claimed. The caller holds the advisory lock of the
limit.$doc$;

revoke all on function rota_core.take_tokens(text, int) from public;
