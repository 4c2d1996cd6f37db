create or replace function rota_core.capture_few(definition jsonb, operation text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_test constant text := rota_core.capture_test(definition, operation);
  v_side constant text := case operation when 'DELETE' then 'old' else 'new' end;
  v_known text := '';
begin
  if definition ->> 'exclude' is not null or definition -> 'tested' <> '[]' then
    v_known := format(
      ' and rota_core.has_columns(%s, %L)', definition ->> 'relation', definition ->> 'digest'
    );
  end if;
  if operation = 'UPDATE' then
    return rota_core.capture_few_pairs(definition, v_test, v_known);
  end if;

  return format(
    $q$
    select
      count(*) between 1 and 20
      and (count(*) = 1 or octet_length(json_agg(x.r)::text) <= 7500)%1$s,
      count(*), %2$s
    into v_few, v_%3$s_rows, v_events, %4$s
    from (%5$s) as x;$q$,
    v_known,
    case v_test
      when 'true' then 'count(*), json_agg(x.r)'
      else 'count(*) filter (where x.p), json_agg(x.r) filter (where x.p)'
    end,
    v_side,
    case v_side when 'new' then 'v_record' else 'v_old_record' end,
    -- The offset keeps the test from being copied to where its result is used.
    format(
      case v_test
        when 'true' then '%1$s limit 21'
        else 'select %3$s.r, %2$s as p from (%1$s limit 21) as %3$s offset 0'
      end,
      rota_core.capture_side(definition, v_side), v_test, left(v_side, 1)
    )
  );
end;
$$;

comment on function rota_core.capture_few(jsonb, text) is
$doc$The statement of a trigger function that reads up to 20 rows. Its plan may be kept, since it
never reads more; that of more rows must not, since a plan made for a few is quadratic for
many.$doc$;

revoke all on function rota_core.capture_few(jsonb, text) from public;
