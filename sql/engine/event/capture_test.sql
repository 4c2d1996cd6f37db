create or replace function rota_core.capture_test(definition jsonb, operation text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_there int[];
  v_watched int[];
  v_condition text;
  v_tests text[] := array[]::text[];
begin
  select array_agg(a.attnum)
  into v_there
  from pg_attribute as a
  where a.attrelid = (definition ->> 'relation')::oid and a.attnum > 0 and not a.attisdropped;

  if operation = 'UPDATE' then
    -- Compared as they are stored: not each type has an equality, and what is equal to it may still
    -- look different.
    v_tests := v_tests || 'record_image_ne(n.r, o.r)'::text;
    v_watched := array(
      select c.n::int from jsonb_array_elements_text(definition -> 'columns') as c (n)
      where c.n::int = any(v_there)
    );
    if v_watched <> '{}' then
      v_tests := v_tests || format(
        'record_image_ne(row(%s), row(%s))',
        (select string_agg(format('n.c%s', w.n), ', ') from unnest(v_watched) as w (n)),
        (select string_agg(format('o.c%s', w.n), ', ') from unnest(v_watched) as w (n))
      );
    end if;
  end if;

  if definition ->> 'condition' is not null and not exists (
    select from jsonb_each_text(definition -> 'condition_columns') as c (name, n)
    where c.n::int <> all(v_there)
  ) then
    -- What is missing on an INSERT or DELETE is null, of the column's own type.
    select format(
      '(select coalesce((%s' || e'\n' || '), false) from (select %s) as new, (select %s) as old)',
      definition ->> 'condition',
      coalesce(string_agg(format(case
        when operation = 'DELETE' then 'case when false then o.c%s end as %I'
        else 'n.c%s as %I'
      end, c.n, c.name), ', '), '1 as c'),
      coalesce(string_agg(format(case
        when operation = 'INSERT' then 'case when false then n.c%s end as %I'
        else 'o.c%s as %I'
      end, c.n, c.name), ', '), '1 as c')
    )
    into v_condition
    from jsonb_each_text(definition -> 'condition_columns') as c (name, n);
    v_tests := v_tests || v_condition;
  end if;
  return coalesce(nullif(array_to_string(v_tests, ' and '), ''), 'true');
end;
$$;

comment on function rota_core.capture_test(jsonb, text) is
$doc$The expression that decides whether a change is captured, over n and o, the new and the old row
as rota_core.capture_side() gives them. A filter that looks at a column which is no longer there
lets everything pass.$doc$;

revoke all on function rota_core.capture_test(jsonb, text) from public;
grant execute on function rota_core.capture_test(jsonb, text) to rota_capture;
