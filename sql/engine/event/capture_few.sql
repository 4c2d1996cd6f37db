create or replace function rota_core.capture_few(definition jsonb, operation text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_test constant text := rota_core.capture_test(definition, operation);
  v_side constant text := case operation when 'DELETE' then 'old' else 'new' end;
  v_alias constant text := left(v_side, 1);
  v_known text := 'true';
begin
  if definition ->> 'exclude' is not null or definition -> 'tested' <> '[]' then
    v_known := format(
      'rota_core.has_columns(%s, %L)', definition ->> 'relation', definition ->> 'digest'
    );
  end if;

  -- A sort order, or an offset, keeps the test from being copied to where its result is used.
  if operation = 'UPDATE' then
    return format($q$
    select
      count(x.nk), count(x.ok), count(*) filter (where x.p),
      json_agg(x.n) filter (where x.p), json_agg(x.o) filter (where x.p), %1$s
    into v_new_rows, v_old_rows, v_events, v_record, v_old_record, v_known
    from (
      select n.k as nk, o.k as ok, n.r as n, o.r as o, %2$s as p
      from (%3$s limit 21) as n
      full join (%4$s limit 21) as o on o.k = n.k
      order by n.k
    ) as x;$q$,
      v_known, v_test, rota_core.capture_side(definition, 'new', true),
      rota_core.capture_side(definition, 'old', true));
  end if;

  return format(
    case v_test
      when 'true' then $q$
    select count(*), count(*), json_agg(%1$s.r), %2$s
    into v_%3$s_rows, v_events, %4$s, v_known
    from (%5$s limit 21) as %1$s;$q$
      else $q$
    select count(*), count(*) filter (where x.p), json_agg(x.r) filter (where x.p), %2$s
    into v_%3$s_rows, v_events, %4$s, v_known
    from (
      select %1$s.r, %6$s as p from (%5$s limit 21) as %1$s offset 0
    ) as x;$q$
    end,
    v_alias, v_known, v_side, case v_side when 'new' then 'v_record' else 'v_old_record' end,
    rota_core.capture_side(definition, v_side), v_test
  );
end;
$$;

comment on function rota_core.capture_few(jsonb, text) is
$doc$The statement of a trigger function that reads up to 20 rows. Its plan may be kept, since it
never reads more; that of more rows must not, since a plan made for a few is quadratic for many.$doc$;

revoke all on function rota_core.capture_few(jsonb, text) from public;
