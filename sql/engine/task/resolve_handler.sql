create or replace function rota_core.resolve_handler(
  handler text, kind text, out handler_name text, out takes text, out returns_void boolean
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_parts text[];
  v_wanted text;
  v_found text;
begin
  begin
    v_parts := parse_ident(regexp_replace(resolve_handler.handler, '\s*\([^()]*\)\s*$', ''));
  exception when invalid_parameter_value then
    v_parts := '{}';
  end;

  if cardinality(v_parts) is distinct from 2 then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('handler %s does not name a function', quote_nullable(left(handler, 200))),
      hint = 'Write schema and name, such as handler => ''app.nightly''.';
  end if;

  v_wanted := case resolve_handler.kind
    when 'chunked' then 'f(input jsonb, state jsonb) returns jsonb'
    when 'batch' then 'f(events jsonb) returns void or jsonb'
    else 'f() or f(input jsonb), returning void or jsonb'
  end;

  select
    format('%I.%I', n.nspname, p.proname),
    case when resolve_handler.kind = 'batch' then 'events'
      when p.pronargs = 2 then 'input_state'
      when p.pronargs = 1 then 'input'
      else 'nothing' end,
    p.prorettype = 'void'::regtype
  into handler_name, takes, returns_void
  from pg_proc as p
  join pg_namespace as n on n.oid = p.pronamespace
  where n.nspname = v_parts[1] and p.proname = v_parts[2]
    and p.prokind = 'f' and not p.proretset
    and p.proargtypes::oid[] <@ array['jsonb'::regtype::oid]
    and case resolve_handler.kind
      when 'chunked' then p.pronargs = 2 and p.prorettype = 'jsonb'::regtype
      when 'batch' then p.pronargs = 1
      else p.pronargs <= 1 end
    and p.prorettype in ('void'::regtype, 'jsonb'::regtype)
  order by p.pronargs desc
  limit 1;

  if not found then
    select string_agg(format('%s returns %s', p.oid::regprocedure,
      coalesce(pg_get_function_result(p.oid), 'nothing (a procedure)')), '; ')
    into v_found
    from pg_proc as p
    join pg_namespace as n on n.oid = p.pronamespace
    where n.nspname = v_parts[1] and p.proname = v_parts[2];

    raise exception using
      errcode = case when v_found is null then 'undefined_object'
        else 'invalid_parameter_value' end,
      message = case when v_found is null
        then format('handler %s does not exist', handler)
        else format('handler %s has another shape than a %s task needs', handler, kind) end,
      detail = format('Wanted: %s. Found: %s.', v_wanted, coalesce(v_found, 'no such function')),
      hint = 'Create the function first, or say which kind it is: kind => ''chunked''.';
  end if;
end;
$$;

comment on function rota_core.resolve_handler(text, text) is
$doc$Finds the function that a handler names and checks that it has the shape of its kind.$doc$;

revoke all on function rota_core.resolve_handler(text, text) from public;
