create or replace function rota_core.handler_statement(
  handler text, takes text, returns_void boolean, run_as text
)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when c.call is null or handler_statement.run_as is null then c.call
    else format(
      'select rota_core.%I(%L, %L, $1, $2)',
      rota_core.trampoline_name(handler_statement.run_as), c.call, handler_statement.returns_void
    )
  end
  from (
    select 'select ' || handler_statement.handler || case handler_statement.takes
      when 'nothing' then '()'
      when 'input' then '($1)'
      when 'input_state' then '($1, $2)'
      when 'events' then '(coalesce($1 -> ''events'', ''[]''::jsonb))'
    end as call
  ) as c;
$$;

comment on function rota_core.handler_statement(text, text, boolean, text) is
$doc$The statement that calls a handler with $1 = input and $2 = state, through the trampoline of
run_as.$doc$;

revoke all on function rota_core.handler_statement(text, text, boolean, text) from public;
