"""The part of the statement that executes files and keeps the record of them."""

from __future__ import annotations

# Which definitions a file makes is seen by their versions, before and after.
DEFINE = """perform set_config('role', 'rota_owner', true);
        select
          v_defined || coalesce(jsonb_object_agg(d.kind || ' ' || d.name, v_row.path)
            filter (where v_standing ->> (d.kind || ' ' || d.name) is distinct from d.version),
            '{}'),
          coalesce(jsonb_object_agg(d.kind || ' ' || d.name, d.version), '{}')
        into v_defined, v_standing
        from rota_core.definition as d;"""
OBJECTS = """
  -- What is re-stated: the files that are new or have changed, and the names they declare.
  select coalesce(jsonb_agg(jsonb_build_object(
    'path', f.path, 'declared', f.declared::jsonb, 'text', f.source,
    'hash', encode(sha256(convert_to(f.source, 'UTF8')), 'hex')
  ) order by f.n), '[]')
  into v_files
  from (values {files}) as f (n, path, declared, source)
  where f.n > 0;
  select coalesce(jsonb_agg(jsonb_build_object(
    'path', f.path, 'kind', d.value ->> 0, 'schema', d.value ->> 1, 'name', d.value ->> 2,
    'on_table', d.value ->> 3
  )), '[]')
  into v_declared
  from jsonb_to_recordset(v_files) as f (path text, declared jsonb)
  cross join jsonb_array_elements(f.declared) as d;

  perform set_config('role', 'rota_owner', true);
  {grant}
  execute 'select coalesce(jsonb_object_agg(s.kind || '' '' || s.identity,'
    ' array[s.version, s.fingerprint]), ''{{}}'') from (' || c_stored || ') as s'
  into v_old using v_declared;
  select coalesce(jsonb_object_agg(o.kind || ' ' || o.identity, o.file), '{{}}')
  into v_recorded
  from rota_core.deployed_object as o
  where o.project = c_project;
  select coalesce(jsonb_agg(jsonb_build_object('kind', o.kind, 'identity', o.identity)), '[]')
  into v_gone
  from rota_core.deployed_object as o
  where o.project = c_project and o.file = any ({gone}::text[]);

  if {defines} then
    select coalesce(jsonb_object_agg(d.kind || ' ' || d.name, d.version), '{{}}')
    into v_standing
    from rota_core.definition as d;
  end if;
  v_again := v_files;
  for v_round in 1..6 loop
    v_todo := v_again;
    v_again := '[]';
    for v_row in select f.* from jsonb_to_recordset(v_todo) as f (path text, text text) loop
      perform set_config('role', c_role, true);
      if v_recorded = '{{}}' or v_round = 6 then
        execute v_row.text;
        {define}
        continue;
      end if;
      v_replaced := '[]';
      begin
        execute v_row.text;
        -- It may not name the signatures that it has replaced: they go first.
        execute 'select coalesce(jsonb_agg(jsonb_build_object(''kind'', s.kind, ''identity'','
          ' s.identity)), ''[]'') from (' || c_stored || ') as s'
          ' where $2 #>> array[s.kind || '' '' || s.identity, ''0''] = s.version'
          ' and $3 ? (s.kind || '' '' || s.identity)'
        into v_replaced using (
          select jsonb_agg(d.value)
          from jsonb_array_elements(v_declared) as d
          where d.value ->> 'path' = v_row.path and d.value ->> 'kind' = 'function'
        ), v_old, v_recorded;
        if v_replaced <> '[]' then
          raise invalid_function_definition;
        end if;
        {define}
      exception when syntax_error_or_access_rule_violation then
        -- Another shape forbids `create or replace`, or what it needs comes with another file.
        if sqlstate = '42501' then
          raise;
        end if;
        v_again := v_again || jsonb_build_array(to_jsonb(v_row));
        if v_replaced <> '[]' then
          v_gone := v_gone || v_replaced;
        elsif sqlstate = any (c_shape) then
          select v_gone || coalesce(jsonb_agg(jsonb_build_object(
            'kind', split_part(r.key, ' ', 1),
            'identity', substr(r.key, strpos(r.key, ' ') + 1))), '[]')
          into v_gone
          from jsonb_each_text(v_recorded) as r
          where r.value = v_row.path;
        end if;
      end;
    end loop;
    perform set_config('role', 'rota_owner', true);

    -- What such a file made before and makes no longer.
    execute 'select $3 || coalesce(jsonb_agg(jsonb_build_object(''kind'', s.kind, ''identity'','
      ' s.identity)), ''[]'') from (' || c_stored || ') as s where s.declared_kind = ''function'''
      ' and $2 #>> array[s.kind || '' '' || s.identity, ''0''] = s.version'
      ' and $4 ? (s.kind || '' '' || s.identity)'
      ' and s.path not in (select f ->> ''path'' from jsonb_array_elements($5) as f)'
    into v_gone using v_declared, v_old, v_gone, v_recorded, v_again;
    execute 'select min(s.identity) from (' || c_stored || ') as s'
      ' where s.declared_kind = ''function'' and not $3 ? (s.kind || '' '' || s.identity)'
      ' and $2 #>> array[s.kind || '' '' || s.identity, ''0''] = s.version'
    into v_text using v_declared, v_old, v_recorded;
    if v_text is not null then
      raise exception using
        errcode = 'ambiguous_function',
        message = format('a file would make an overload of %s', v_text),
        detail = 'No deploy has made that one, and a call could mean either.',
        hint = format('drop function %s;', v_text);
    end if;

    perform set_config('role', c_deployer, true);
    for v_row in
      select distinct g.kind, g.identity
      from jsonb_to_recordset(v_gone) as g (kind text, identity text)
      where case g.kind
        when 'view' then to_regclass(g.identity) is not null
        when 'trigger' then exists (
          select from pg_trigger as t
          where format('%I on %s', t.tgname, t.tgrelid::regclass) = g.identity
        )
        else to_regprocedure(g.identity) is not null end
    loop
      execute c_foreign into v_text using v_row.kind, v_row.identity, c_project, v_gone;
      if v_text is not null then
        raise exception using
          errcode = 'dependent_objects_still_exist',
          message = format('%s %s cannot be dropped: something else depends on it',
            v_row.kind, v_row.identity),
          detail = v_text,
          hint = 'Drop or change that first.';
      end if;
      perform set_config('role', c_role, true);
      -- What went together with another one is of no kind any longer.
      v_text := coalesce((
        select 'materialized view' from pg_class as c
        where v_row.kind = 'view' and c.oid = to_regclass(v_row.identity) and c.relkind = 'm'
      ), v_row.kind);
      execute format('drop %s if exists %s cascade', v_text, v_row.identity);
      perform set_config('role', c_deployer, true);
      v_changes := v_changes || jsonb_build_array(jsonb_build_object(
        'kind', v_row.kind, 'name', v_row.identity, 'action', 'drop',
        'file', v_recorded ->> (v_row.kind || ' ' || v_row.identity)
      ));
    end loop;

    -- What went together with something that was dropped is made again from the record.
    for v_row in
      select l.file as path, f.source_hash as hash, s.source as text, l.declared, l.old
      from (
        select o.file, jsonb_object_agg(o.kind || ' ' || o.identity, array[null, o.fingerprint])
            as old,
          jsonb_agg(distinct jsonb_build_object('path', o.file, 'kind',
            case o.kind when 'view' then 'view' else 'function' end,
            'schema', (parse_ident(split_part(o.identity, '(', 1)))[1],
            'name', (parse_ident(split_part(o.identity, '(', 1)))[2])) as declared,
          bool_or(case o.kind when 'view' then to_regclass(o.identity) is null
            else to_regprocedure(o.identity) is null end) as is_lost
        from rota_core.deployed_object as o
        where o.project = c_project and o.kind <> 'trigger' and not o.file = any ({gone}::text[])
          and o.file not in (select f ->> 'path' from jsonb_array_elements(v_files) as f)
        group by o.file
      ) as l
      join rota_core.deployed_file as f on f.project = c_project and f.file = l.file
      join rota_core.deployed_source as s on s.source_hash = f.source_hash
      where l.is_lost and v_gone <> '[]'
      order by l.file
    loop
      v_again := v_again || jsonb_build_array(to_jsonb(v_row));
      v_files := v_files || jsonb_build_array(to_jsonb(v_row));
      v_declared := v_declared || v_row.declared;
      v_old := v_old || v_row.old;
    end loop;
    v_gone := '[]';
    exit when v_again = '[]';
  end loop;
  perform set_config('role', 'rota_owner', true);
  {revoke}
"""
