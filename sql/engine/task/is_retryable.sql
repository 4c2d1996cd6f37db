create or replace function rota_core.is_retryable(retry_on text[], sqlstate text, message text)
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select cardinality(is_retryable.retry_on) = 0 or exists (
    select
    from unnest(is_retryable.retry_on) as e (entry)
    where case
      when e.entry like 'sqlstate:%' then is_retryable.sqlstate = substr(e.entry, 10)
      when e.entry like 'class:%' then left(is_retryable.sqlstate, 2) = substr(e.entry, 7)
      when e.entry like '/%/' then is_retryable.message ~ substr(e.entry, 2, length(e.entry) - 2)
      else strpos(is_retryable.message, e.entry) > 0
    end
  );
$$;

comment on function rota_core.is_retryable(text[], text, text) is
$doc$Whether an error is one that a task's retry_on lists; an empty list means every error.$doc$;

revoke all on function rota_core.is_retryable(text[], text, text) from public;
