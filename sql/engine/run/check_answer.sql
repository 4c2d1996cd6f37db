create or replace function rota_core.check_answer(answer jsonb)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(answer) is distinct from 'object'
    or jsonb_typeof(coalesce(answer -> 'done', 'false')) <> 'boolean'
    or (case jsonb_typeof(answer -> 'rows')
      when 'number' then (answer ->> 'rows')::numeric not between 0 and 1e15
      else answer ? 'rows' end)
    or not (answer ? 'state' or coalesce((answer ->> 'done')::boolean, false))
  then
    raise exception using
      errcode = 'RT005',
      message = 'a chunked handler answered in the wrong shape',
      detail = format('It answered %s.', left(coalesce(answer::text, 'null'), 500)),
      hint = 'Answer {"done": true} at the end, before that {"state": ..., '
        '"progress": {"done": 1, "total": 9}, "rows": 100}.';
  end if;
end;
$$;

comment on function rota_core.check_answer(jsonb) is
$doc$Refuses, with RT005, an answer of a chunked handler that is neither a checkpoint nor an
end.$doc$;

revoke all on function rota_core.check_answer(jsonb) from public;
grant execute on function rota_core.check_answer(jsonb) to rota_app, rota_admin, rota_worker;
