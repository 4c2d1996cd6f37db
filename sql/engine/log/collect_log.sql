create or replace function rota_core.collect_log(
  run_id bigint, task text, attempt int, written bigint
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_names text[];
  v_statements text[];
  v_lines jsonb[];
  v_name text;
  v_paths text[];
begin
  select array_agg(p.name), array_agg(p.statement)
  into v_names, v_statements
  from pg_prepared_statements as p
  where p.name ~ ('^rota_log_' || pg_backend_pid() || '_\d+$');

  foreach v_name in array coalesce(v_names, '{}') loop
    execute format('deallocate %I', v_name);
  end loop;

  -- A handler can put anything under such a name, which must not end the worker.
  begin
    select array_agg(l.line order by l.ordinal)
    into v_lines
    from (
      select
        split_part(s.name, '_', 4)::bigint as ordinal,
        convert_from(decode(split_part(s.statement, '''', 2), 'hex'), 'UTF8')::jsonb as line
      from unnest(v_names, v_statements) as s (name, statement)
    ) as l
    where l.line ->> 'level' in ('debug', 'info', 'warn', 'error')
      and l.line ->> 'message' is not null and jsonb_typeof(l.line -> 'context') = 'object'
      and (l.line ->> 'at')::timestamptz is not null;
  exception when data_exception then
    v_lines := null;
  end;

  select t.redact into v_paths from rota_core.task as t where t.task = collect_log.task;

  insert into rota_core.log (at, level, message, context, component, run_id, task, attempt)
  select
    (l.line ->> 'at')::timestamptz, l.line ->> 'level', l.line ->> 'message',
    rota_core.redact(l.line -> 'context', 'log', coalesce(v_paths, '{}')),
    coalesce(l.line -> 'context' ->> 'component', collect_log.task),
    collect_log.run_id, collect_log.task, collect_log.attempt
  from unnest(v_lines) with ordinality as l (line, ordinal)
  order by l.ordinal;

  if written > coalesce(cardinality(v_lines), 0) then
    insert into rota_core.log (at, level, message, context, component, run_id, task, attempt)
    values (
      rota_core.wall_clock(), 'warn',
      format('%s log lines of this attempt were lost', written - coalesce(cardinality(v_lines), 0)),
      jsonb_build_object('written', written, 'kept', coalesce(cardinality(v_lines), 0)),
      'rota', collect_log.run_id, collect_log.task, collect_log.attempt
    );
  end if;
end;
$$;

comment on function rota_core.collect_log(bigint, text, int, bigint) is
$doc$Stores the lines that an attempt left in the session, and how many of the written ones are
missing.$doc$;

revoke all on function rota_core.collect_log(bigint, text, int, bigint) from public;
grant execute on function rota_core.collect_log(bigint, text, int, bigint) to rota_worker;
